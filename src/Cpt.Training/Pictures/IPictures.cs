using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>Where a prompt's images come from.</summary>
internal interface IPictures
{
    /// <summary>Of the model that reads them; names its image tokens.</summary>
    ModelConfig Config { get; }

    /// <summary>An image of a sample. The same image is the same object.</summary>
    ImageSource Source(Sample sample, string image);
}
