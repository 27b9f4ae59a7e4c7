/**
 * Decodes one column of one row group into its target.
 * @module
 */
import { decodeLevels, type Scratch } from './decode-dictionary.ts'
import { decodeEntries, decodeValues, roomFor, type ValueContext, type Values } from './decode-values.ts'
import { corrupt, guarded } from './faults.ts'
import type { Chunk, Leaf } from './layout.ts'
import { isFixed, openData, openDictionary, pageAt, pagesOf, plainValues, type Page, type PageContext } from './page.ts'
import { nullOf, putValidity, type Target } from './target.ts'
import type { Compressors } from './types.ts'

/** What decoding chunks shares. */
export interface DecodeContext {
  readonly compressors: Compressors
  readonly verify: boolean
  readonly scratch: Scratch
}

/** Rows `[startRow, endRow)` of a row group of `rows`, which go to row `at` of the target and after. */
export interface ChunkWindow {
  readonly rows: number
  readonly startRow: number
  readonly endRow: number
  readonly at: number
}

function pageContext(leaf: Leaf, chunk: Chunk, { compressors, verify }: DecodeContext): PageContext {
  const { name, optional, physical } = leaf
  return { name, optional, chunk, fixed: isFixed(physical), compressors, verify }
}

/**
 * Decodes the window of a chunk, whose pages are `bytes`; yields after each page, so that the caller can give way.
 * Every row of the window is written, or it throws.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function* decodeChunk(
  bytes: Uint8Array,
  leaf: Leaf,
  chunk: Chunk,
  window: ChunkWindow,
  target: Target,
  context: DecodeContext,
): Generator<void, void, undefined> {
  const pages = pageContext(leaf, chunk, context)
  let values: ValueContext = {
    physical: leaf.physical,
    scratch: context.scratch,
    dictionary: undefined,
    texts: target.texts,
  }
  const steps = pagesOf(bytes, window.rows, pages)
  for (;;) {
    const step = guarded(`column ${leaf.name}`, () => steps.next())
    if (step.done === true) return
    const page = step.value
    if (page.row < 0) {
      const opened = openDictionary(page, pages)
      values = { ...values, dictionary: guarded('a dictionary', () => decodeEntries(opened, page.count, values)) }
    } else if (page.row < window.endRow && page.row + page.count > window.startRow) {
      guarded(`column ${leaf.name}`, () => decodePage(page, leaf, pages, values, window, target))
    }
    yield
    if (page.row >= 0 && page.row + page.count >= window.endRow) return
  }
}

function decodePage(
  page: Page,
  leaf: Leaf,
  pages: PageContext,
  context: ValueContext,
  window: ChunkWindow,
  target: Target,
): void {
  const { levels, values } = openData(page, pages)
  const start = Math.max(window.startRow - page.row, 0)
  const end = Math.min(window.endRow - page.row, page.count)
  const at = window.at + page.row + start - window.startRow
  const bits = levels === undefined ? undefined : new Uint8Array((page.count + 7) >> 3)
  const present = levels === undefined || bits === undefined ? page.count : decodeLevels(levels, page.count, bits)
  const nulls = page.count - present
  const declared = page.header.type === 'DATA_PAGE_V2' ? page.header.data_page_header_v2?.num_nulls : nulls
  if (declared !== nulls) throw corrupt(`column ${leaf.name}: a page miscounts its nulls`)
  const isWhole = start === 0 && end === page.count
  const isSame = !(target.values instanceof Uint8Array) || leaf.physical === 'BOOLEAN'
  const room = isWhole && isSame ? target.values : roomFor(leaf.physical, page.count)
  const base = room === target.values ? at : 0
  decodeValues(values, page.encoding, present, room, base, context)
  if (bits !== undefined && present < page.count) {
    spread(room, base, page.count, present, bits, nullOf(target))
    putValidity(target, at, bits, start, end)
  }
  if (room !== target.values) move(room, start, end, target, at)
}

/** Moves values, packed without nulls, to their rows, from the last on; a row without value gets `none`. */
function spread(values: Values, at: number, rows: number, present: number, bits: Uint8Array, none: number): void {
  if (values instanceof BigInt64Array) return spreadLanes(values, at, rows, present, bits)
  let next = present
  for (let row = rows - 1; row >= 0; row--) {
    const isPresent = ((bits[row >> 3] as number) >> (row & 7)) & 1
    values[at + row] = isPresent === 1 ? (values[at + --next] as number) : none
  }
}

function spreadLanes(values: BigInt64Array, at: number, rows: number, present: number, bits: Uint8Array): void {
  const lanes = new Int32Array(values.buffer, values.byteOffset + at * 8, rows * 2)
  let next = present
  for (let row = rows - 1; row >= 0; row--) {
    const isPresent = ((bits[row >> 3] as number) >> (row & 7)) & 1
    if (isPresent === 1) next--
    lanes[2 * row] = isPresent === 1 ? (lanes[2 * next] as number) : 0
    lanes[2 * row + 1] = isPresent === 1 ? (lanes[2 * next + 1] as number) : 0
  }
}

function move(room: Values, start: number, end: number, target: Target, at: number): void {
  const rows = room.subarray(start, end)
  if (target.values instanceof Uint8Array && rows.some((value) => value < 0 || value > 255)) {
    throw corrupt(`column ${target.name}: a value does not fit into 8 bits`)
  }
  target.values.set(rows as never, at)
}

/**
 * The values of a chunk as a view of its bytes, where it is one plain, aligned page without levels; else undefined.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function viewChunk(
  bytes: Uint8Array,
  leaf: Leaf,
  chunk: Chunk,
  rows: number,
  context: DecodeContext,
): Float64Array | BigInt64Array | undefined {
  if (chunk.codec !== 'UNCOMPRESSED' || leaf.optional || chunk.length < rows * 8) return undefined
  if (leaf.physical !== 'DOUBLE' && leaf.physical !== 'INT64') return undefined
  const pages = pageContext(leaf, chunk, context)
  const page = guarded(`column ${leaf.name}`, () => pageAt(bytes, 0, 0, pages))
  const values = plainValues(bytes, page, rows, pages)
  if (values === undefined || values.byteOffset % 8 !== 0) return undefined
  if (leaf.physical === 'DOUBLE') return new Float64Array(values.buffer, values.byteOffset, rows)
  return new BigInt64Array(values.buffer, values.byteOffset, rows)
}
