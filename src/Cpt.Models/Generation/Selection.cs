namespace Cpt.Models;

/// <summary>Quickselect (Hoare 1961): the k-th largest without sorting the rest.</summary>
internal static class Selection
{
    /// <param name="values">Reordered.</param>
    /// <param name="k">1 is the largest.</param>
    public static float KthLargest(Span<float> values, int k)
    {
        var (low, high, target) = (0, values.Length - 1, k - 1);
        while (low < high)
        {
            // The middle of three guards against sorted rows.
            var middle = low + ((high - low) / 2);
            var pivot = Math.Max(Math.Min(values[low], values[middle]), Math.Min(Math.Max(values[low], values[middle]), values[high]));
            var (left, right) = (low, high);
            while (left <= right)
            {
                while (values[left] > pivot)
                {
                    left++;
                }

                while (values[right] < pivot)
                {
                    right--;
                }

                if (left <= right)
                {
                    (values[left], values[right]) = (values[right], values[left]);
                    left++;
                    right--;
                }
            }

            if (target <= right)
            {
                high = right;
            }
            else if (target >= left)
            {
                low = left;
            }
            else
            {
                break;
            }
        }

        return values[target];
    }
}
