using Cpt.Trainer;

return await TrainerProcess.RunAsync(args);
