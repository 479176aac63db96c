"""Dequantizers of ggml's block types, from the block layouts, vectorised over blocks.

Computed in float32 in ggml's order of operations, so that rows are bit-exact."""
import numpy as np


def half(blocks, at):
    """A little-endian f16 column as float32."""
    return blocks[:, at:at + 2].copy().view("<f2").astype(np.float32)


def nibbles(raw):
    """Low nibbles of all bytes, then high ones."""
    return np.concatenate([raw & 15, raw >> 4], 1)


def fifth_bits(blocks, at):
    """32 high bits as 0/16 for each value."""
    bits = blocks[:, at:at + 4].copy().view("<u4")
    return ((bits >> np.arange(32, dtype=np.uint32)) & 1).astype(np.uint8) << 4


def q8_0(b):
    """f16 d; 32 int8."""
    return half(b, 0) * b[:, 2:34].view(np.int8).astype(np.float32)


def q4_0(b):
    """f16 d; 16 bytes."""
    return (nibbles(b[:, 2:18]).astype(np.float32) - 8) * half(b, 0)


def q4_1(b):
    """f16 d, m; 16 bytes."""
    return nibbles(b[:, 4:20]).astype(np.float32) * half(b, 0) + half(b, 2)


def q5_0(b):
    """f16 d; 32 bits; 16 bytes."""
    return ((nibbles(b[:, 6:22]) | fifth_bits(b, 2)).astype(np.float32) - 16) * half(b, 0)


def q5_1(b):
    """f16 d, m; 32 bits; 16 bytes."""
    return (nibbles(b[:, 8:24]) | fifth_bits(b, 4)).astype(np.float32) * half(b, 0) + half(b, 2)


def two_bits(raw):
    """Bytes [blocks, 64] -> [blocks, 2, 4, 32]: shifts 0, 2, 4, 6 of each 32-byte half."""
    parts = raw.reshape(len(raw), 2, 1, 32)
    return (parts >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)) & 3


def q2_k(b):
    """16 scale/min nibbles; 64 bytes; f16 d, dmin."""
    quants = two_bits(b[:, 16:80]).reshape(len(b), 16, 16).astype(np.float32)
    scale = (b[:, :16] & 15).astype(np.float32) * half(b, 80)
    low = (b[:, :16] >> 4).astype(np.float32) * half(b, 82)
    return (scale[:, :, None] * quants - low[:, :, None]).reshape(len(b), 256)


def scales_6bit(raw):
    """Q3_K's 12 bytes -> 16 scales minus 32."""
    low = np.concatenate([raw[:, :8] & 15, raw[:, :8] >> 4], 1)
    high = np.concatenate([(raw[:, 8:12] >> s) & 3 for s in (0, 2, 4, 6)], 1)
    return (low | (high << 4)).astype(np.int32) - 32


def q3_k(b):
    """32 mask bytes; 64 bytes; 12 scale bytes; f16 d."""
    mask = b[:, None, :32] >> np.arange(8, dtype=np.uint8).reshape(1, 8, 1) & 1
    quants = two_bits(b[:, 32:96]).reshape(len(b), 8, 32).astype(np.float32) - 4 * (1 - mask.astype(np.float32))
    scale = half(b, 108) * scales_6bit(b[:, 96:108]).astype(np.float32)
    return (scale[:, :, None] * quants.reshape(len(b), 16, 16)).reshape(len(b), 256)


def scales_mins(raw):
    """Q4_K's and Q5_K's 12 bytes -> 8 scales and 8 mins of 6 bits."""
    scale = np.concatenate([raw[:, :4] & 63, (raw[:, 8:12] & 15) | ((raw[:, :4] >> 6) << 4)], 1)
    low = np.concatenate([raw[:, 4:8] & 63, (raw[:, 8:12] >> 4) | ((raw[:, 4:8] >> 6) << 4)], 1)
    return scale.astype(np.float32), low.astype(np.float32)


def k_nibbles(raw):
    """128 bytes -> [blocks, 8, 32]: of each 32 bytes the low nibbles, then the high ones."""
    parts = raw.reshape(len(raw), 4, 1, 32)
    return np.concatenate([parts & 15, parts >> 4], 2).reshape(len(raw), 8, 32)


def with_mins(b, quants):
    """d * scale * q - dmin * min over eight groups."""
    scale, low = scales_mins(b[:, 4:16])
    scale, low = half(b, 0) * scale, half(b, 2) * low
    return (scale[:, :, None] * quants.astype(np.float32) - low[:, :, None]).reshape(len(b), 256)


def q4_k(b):
    """f16 d, dmin; 12 scale bytes; 128 bytes."""
    return with_mins(b, k_nibbles(b[:, 16:144]))


def q5_k(b):
    """f16 d, dmin; 12 scale bytes; 32 high-bit bytes; 128 bytes."""
    high = (b[:, None, 16:48] >> np.arange(8, dtype=np.uint8).reshape(1, 8, 1)) & 1
    return with_mins(b, k_nibbles(b[:, 48:176]) | (high << 4))


def q6_k(b):
    """128 low bytes; 64 high bytes; 16 int8 scales; f16 d."""
    low = b[:, :128].reshape(len(b), 2, 2, 32)
    low = np.concatenate([low & 15, low >> 4], 2)
    quants = (low | (two_bits(b[:, 128:192]) << 4)).astype(np.float32) - 32
    scale = half(b, 208) * b[:, 192:208].view(np.int8).astype(np.float32)
    return (scale[:, :, None] * quants.reshape(len(b), 16, 16)).reshape(len(b), 256)


# type number: (values a block, bytes a block, function)
BLOCKS = {2: (32, 18, q4_0), 3: (32, 20, q4_1), 6: (32, 22, q5_0), 7: (32, 24, q5_1), 8: (32, 34, q8_0), 10: (256, 84, q2_k),
          11: (256, 110, q3_k), 12: (256, 144, q4_k), 13: (256, 176, q5_k), 14: (256, 210, q6_k)}


def tensor(data, offset, shape, kind):
    """A tensor of a GGUF's bytes as float32."""
    count = int(np.prod(shape))
    if kind == 0:
        return np.frombuffer(data, "<f4", count, offset).reshape(shape)
    if kind == 1:
        return np.frombuffer(data, "<f2", count, offset).astype(np.float32).reshape(shape)
    if kind == 30:
        return (np.frombuffer(data, "<u2", count, offset).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if kind not in BLOCKS:
        raise ValueError("type %d is unknown" % kind)
    values, size, function = BLOCKS[kind]
    blocks = np.frombuffer(data, np.uint8, count // values * size, offset).reshape(-1, size)
    return function(blocks).reshape(shape)
