/** Compressed blocks built by hand, for decoders: each piece is a literal, then a copy of earlier bytes. */

type Piece = readonly [literal: Uint8Array, distance: number, length: number]

interface Block {
  readonly bytes: Uint8Array
  readonly plain: Uint8Array
}

function copied(plain: number[], distance: number, length: number): void {
  for (let i = 0; i < length; i++) plain.push(plain[plain.length - distance] as number)
}

/** A block in Snappy's raw format that uses every kind of tag. */
export function snappyRaw(pieces: readonly Piece[]): Block {
  const plain: number[] = []
  const body: number[] = []
  for (const [literal, far, long] of pieces) {
    const tag = literal.length - 1
    if (tag < 60) body.push(tag << 2)
    else body.push(60 << 2, tag)
    body.push(...literal)
    plain.push(...literal)
    const distance = (far % plain.length) + 1
    const length = Math.min(64, long)
    if (distance < 2048 && length < 12) body.push(1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 255)
    else if (long % 2 === 0) body.push(2 | ((length - 1) << 2), distance & 255, distance >> 8)
    else body.push(3 | ((length - 1) << 2), distance & 255, (distance >> 8) & 255, distance >> 16, 0)
    copied(plain, distance, length)
  }
  const head: number[] = []
  let rest = plain.length
  for (; rest >= 128; rest >>= 7) head.push((rest & 127) | 128)
  return { bytes: Uint8Array.of(...head, rest, ...body), plain: Uint8Array.from(plain) }
}

/** A block in LZ4's block format, which ends with literals. */
export function lz4Raw(pieces: readonly Piece[]): Block {
  const plain: number[] = []
  const body: number[] = []
  const extra = (length: number): number[] =>
    length < 15 ? [] : [...Array.from({ length: Math.floor((length - 15) / 255) }, () => 255), (length - 15) % 255]
  for (const [literal, far, long] of pieces) {
    const match = long - 4
    body.push((Math.min(15, literal.length) << 4) | Math.min(15, match), ...extra(literal.length), ...literal)
    plain.push(...literal)
    const distance = (far % plain.length) + 1
    body.push(distance & 255, distance >> 8, ...extra(match))
    copied(plain, distance, long)
  }
  body.push(5 << 4, 1, 2, 3, 4, 5)
  plain.push(1, 2, 3, 4, 5)
  return { bytes: Uint8Array.from(body), plain: Uint8Array.from(plain) }
}
