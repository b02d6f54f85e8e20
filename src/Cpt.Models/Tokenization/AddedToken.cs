namespace Cpt.Models;

/// <summary>A token of <c>added_tokens</c>: found in the text before anything else is done to it.</summary>
/// <param name="Special">Control token: left out by <c>Decode(…, skipSpecialTokens: true)</c>.</param>
/// <param name="Normalized">Searched in the normalized text instead of the raw one.</param>
/// <param name="LeftStrip">Takes the white space before it along.</param>
/// <param name="RightStrip">Takes the white space after it along.</param>
/// <param name="SingleWord">Only where no letter, digit or underscore touches it.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool LeftStrip, bool RightStrip, bool SingleWord);
