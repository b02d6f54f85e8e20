namespace Cpt.Models;

/// <summary>PNG and JPEG files to pixels: grey becomes colour, alpha is dropped, 16 bits become 8, and EXIF's turn is made, as transformers reads pictures.</summary>
public static unsafe class PictureDecoder
{
    /// <exception cref="PictureException">The file is damaged, cut off, too large, or of a kind that is not read.</exception>
    /// <exception cref="PictureLibraryException">libvips is not installed.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file)
    {
        var header = PictureHeader.Read(file);
        Libvips.Require();
        fixed (byte* bytes = file)
        {
            nint image;
            var failed = header.Format == PictureFormat.Png
                ? Libvips.vips_pngload_buffer((nint)bytes, (nuint)file.Length, out image, "fail-on", Libvips.FailOn.Error, 0)
                : Libvips.vips_jpegload_buffer((nint)bytes, (nuint)file.Length, out image, "fail-on", Libvips.FailOn.Truncated, 0);
            if (failed != 0)
            {
                throw Damaged(header);
            }

            try
            {
                return Pixels(image, header).Oriented(header.Orientation);
            }
            finally
            {
                Libvips.g_object_unref(image);
            }
        }
    }

    /// <exception cref="PictureLibraryException">libvips is not installed: known before a picture is decoded hours later.</exception>
    public static void RequireLibrary() => Libvips.Require();

    private static RgbImage Pixels(nint image, PictureHeader header)
    {
        var (width, height, bands, format) = (Libvips.vips_image_get_width(image), Libvips.vips_image_get_height(image), Libvips.vips_image_get_bands(image), Libvips.vips_image_get_format(image));
        if (width != header.StoredWidth || height != header.StoredHeight || bands is < 1 or > 4 || format is not (0 or 2))
        {
            throw new PictureException($"is a {header.Format} of {width}×{height} pixels in {bands} bands (format {format}); expected {header.StoredWidth}×{header.StoredHeight} by its header, in 1 to 4 bands of 8 or 16 bits");
        }

        var memory = Libvips.vips_image_write_to_memory(image, out _);
        if (memory == 0)
        {
            throw Damaged(header);
        }

        try
        {
            var count = checked(width * height);
            var pixels = new byte[checked(count * 3)];
            if (format == 0)
            {
                ToRgb((byte*)memory, pixels, bands, count, shift: 0);
            }
            else
            {
                ToRgb((ushort*)memory, pixels, bands, count, shift: 8);
            }

            return new RgbImage(width, height, pixels);
        }
        finally
        {
            Libvips.g_free(memory);
        }
    }

    /// <summary>1 band: grey; 2: grey and alpha; 3: colour; 4: colour and alpha.</summary>
    private static void ToRgb<T>(T* from, Span<byte> to, int bands, int count, int shift)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        for (var i = 0; i < count; i++, from += bands)
        {
            for (var colour = 0; colour < 3; colour++)
            {
                to[(i * 3) + colour] = byte.CreateTruncating(from[bands < 3 ? 0 : colour] >> shift);
            }
        }
    }

    private static PictureException Damaged(PictureHeader header) =>
        new($"is a damaged or cut off {header.Format} of {header.StoredWidth}×{header.StoredHeight} pixels (libvips: {Libvips.TakeError()})");
}
