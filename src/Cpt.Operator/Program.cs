return await Cpt.Operator.Hosting.OperatorProcess.RunAsync(args, Environment.GetEnvironmentVariable);
