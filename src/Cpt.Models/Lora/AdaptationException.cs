namespace Cpt.Models;

/// <summary>What is to be trained of this model cannot be chosen so. The message says what could.</summary>
public sealed class AdaptationException(string message) : Exception(message);
