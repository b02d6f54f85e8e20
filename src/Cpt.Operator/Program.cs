await Console.Error.WriteLineAsync("cpt-operator: not built yet");
return 70;
