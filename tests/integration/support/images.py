"""Makes image files for tests: PNG and BMP with Python's own libraries, and one JPG image."""

import base64
import struct
import zlib


def png(width: int, height: int, noise: bytes = b"") -> bytes:
    """Returns a white greyscale PNG image. `noise` is added in a private chunk, to make the file
    larger."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    rows = (b"\0" + b"\xff" * width) * height
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + (chunk(b"prVt", noise) if noise else b"")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def bmp(width: int, height: int) -> bytes:
    """Returns a white BMP image with 24 bits a pixel."""
    row = b"\xff" * (width * 3)
    picture = (row + b"\0" * (-len(row) % 4)) * height
    return (b"BM" + struct.pack("<IHHI", 54 + len(picture), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(picture), 0, 0, 0, 0)
            + picture)


#: A JPG image of 120 x 120 pixels, encoded by Chromium.
JPG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQ"
    "c1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAB4AHgDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAA"
    "AAQFAgb/xAAiEAEAAQEJAQEBAAAAAAAAAAAAAQMEBRU0U4GisdECETH/xAAZAQEAAwEBAAAAAAAAAAAAAAAAAgME"
    "AQX/xAAgEQEAAgAGAwEAAAAAAAAAAAAAAQIDETEyUXEEEhMU/9oADAMBAAIRAxEAPwD0wAAAAAAAAAAAAAAAAAAO"
    "KtT4o05qVJ/PmP7P4GrsSYlZNXjPhiVk1eM+OZwn878SrEmJWTV4z4YlZNXjPhnB878SrEmJWTV4z4YlZNXjPhnB"
    "878SrEmJWTV4z4opVPitTipTn9+Z/k/hnDk1tGsOwHUQAAABJemQq7dwrSXpkKu3cOTonh747YACh6gAAAA37ryF"
    "LfuWA37ryFLfuU6as/k7I7VgLWAAAAASXpkKu3cK0l6ZCrt3Dk6J4e+O2AAoeoAAAAN+68hS37lgN+68hS37lOmr"
    "P5OyO1YC1gAAAAEl6ZCrt3CtJemQq7dw5OieHvjtgAKHqAAAADfuvIUt+5YDfuvIUt+5Tpqz+TsjtWAtYAAAABJe"
    "mQq7dwrcVafxWpzTqR+/M/2P1ydEqzlaJeYG/htk0uU+mG2TS5T6r9Jbf004lgDfw2yaXKfTDbJpcp9PST9NOJYA"
    "38Nsmlyn0w2yaXKfT0k/TTiWA37ryFLfuTDbJpcp9UUqfxRpxTpx+fMfyP1KtZiVONjVvXKHYCbMAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAA//2Q==")
