/**
 * Which files a change rewrites. Pure.
 *
 * A part of time holds an ordered list of files, disjoint and ascending, usually one. Rows after the last one go to a file
 * of their own, or to the last file while that is small, so that an append costs what it appends.
 * @module
 */
import { rowCount } from '../../contract/columns.ts'
import { msOf, ticksOf } from '../../contract/ticks.ts'
import type { Partition } from '../../contract/storage.ts'
import { type Edit, cutEdit } from '../row-edits.ts'
import type { DataFile } from './layout.ts'
import { type Part, partAt, partsOfRows } from './partition.ts'

/** Rows that fall beside a file join it while it has at most this many. */
export const SMALL_ROWS = 1_024
/** Files of one part above which some are folded into one. */
export const MAX_SEGMENTS = 8

/** One file to write: the rows of its sources with the edits applied. */
export interface SegmentTask {
  readonly part: string
  /** Files that it replaces, ascending. */
  readonly sources: readonly DataFile[]
  readonly edits: readonly Edit[]
}

/** Lists what a change does to the files of one table: what is rewritten, and what stays as it is. */
export function planSegments(
  files: readonly DataFile[],
  edits: readonly Edit[],
  partition: Partition,
  unit: 'us' | 'ns',
): { tasks: SegmentTask[]; untouched: DataFile[] } {
  const tasks: SegmentTask[] = []
  const byPart = Map.groupBy(files, ({ part }) => part)
  const untouched = new Set(files)
  for (const part of touchedParts(files, edits, partition, unit)) {
    const here = byPart.get(part.name) ?? []
    const cut = cutAll(edits, ticksOf(part.startMs, unit), ticksOf(part.endMs, unit))
    for (const task of planPart(part.name, here, cut)) {
      tasks.push(task)
      for (const source of task.sources) untouched.delete(source)
    }
  }
  return { tasks, untouched: [...untouched] }
}

function cutAll(edits: readonly Edit[], start: bigint, end: bigint): Edit[] {
  return edits.map((edit) => cutEdit(edit, start, end)).filter((edit) => edit !== null)
}

/** Parts with rows of an edit, and those with files in a replaced range; in ascending order. */
function touchedParts(
  files: readonly DataFile[],
  edits: readonly Edit[],
  partition: Partition,
  unit: 'us' | 'ns',
): Part[] {
  const found = new Map<string, Part>()
  for (const edit of edits) {
    for (const { part } of partsOfRows(partition, unit, edit.rows)) found.set(part.name, part)
    if (edit.kind !== 'replace') continue
    for (const file of files) {
      if (file.first >= edit.end || file.last < edit.start) continue
      const part = partAt(partition, msOf(file.first, unit))
      found.set(part.name, part)
    }
  }
  return [...found.values()].toSorted((a, b) => a.startMs - b.startMs)
}

/** A stretch of time: that of one file, or that between two. */
interface Cell {
  readonly start: bigint
  readonly end: bigint
  readonly source: DataFile | null
  /** Is it written anew? */
  active: boolean
}

function planPart(part: string, files: readonly DataFile[], edits: readonly Edit[]): SegmentTask[] {
  if (edits.length === 0) return []
  const cells = cellsOf(files, edits)
  for (const cell of cells) cell.active = isTouched(cell, edits)
  for (const [i, cell] of cells.entries()) {
    if (cell.active && cell.source === null) activateNeighbour(cells[i - 1], cells[i + 1])
  }
  fold(cells, edits)
  return tasksOf(part, cells, edits)
}

/** Gap, file, gap, file, …, gap. The outer gaps reach as far as the edits. */
function cellsOf(files: readonly DataFile[], edits: readonly Edit[]): Cell[] {
  const lowest = edits.reduce(
    (low, { start }) => (start < low ? start : low),
    files[0]?.first ?? (edits[0] as Edit).start,
  )
  const highest = edits.reduce((high, { end }) => (end > high ? end : high), (files.at(-1)?.last ?? lowest) + 1n)
  const cells: Cell[] = []
  let start = lowest
  for (const source of files) {
    cells.push({ start, end: source.first, source: null, active: false })
    cells.push({ start: source.first, end: source.last + 1n, source, active: false })
    start = source.last + 1n
  }
  return [...cells, { start, end: highest, source: null, active: false }]
}

function isTouched({ start, end, source }: Cell, edits: readonly Edit[]): boolean {
  return cutAll(edits, start, end).some(
    (edit) => rowCount(edit.rows) > 0 || (edit.kind === 'replace' && source !== null),
  )
}

/** Rows beside files join a file that is rewritten anyway, else a small one. */
function activateNeighbour(before: Cell | undefined, after: Cell | undefined): void {
  if (before?.active || after?.active) return
  const small = [before, after].filter((cell) => cell !== undefined && (cell.source?.rows ?? Infinity) <= SMALL_ROWS)
  const smallest = small.toSorted((a, b) => (a?.source?.rows ?? 0) - (b?.source?.rows ?? 0))[0]
  if (smallest !== undefined) smallest.active = true
}

/** Neighbouring cells that are written become one file. */
function runsOf(cells: readonly Cell[]): Cell[][] {
  const runs: Cell[][] = []
  let open: Cell[] | null = null
  for (const cell of cells) {
    // A gap that holds nothing parts no files.
    if (cell.active || (cell.source === null && open !== null)) {
      if (open === null) runs.push((open = []))
      open.push(cell)
    } else open = null
  }
  return runs
}

function tasksOf(part: string, cells: readonly Cell[], edits: readonly Edit[]): SegmentTask[] {
  return runsOf(cells).map((run) => {
    const [first, last] = [run[0] as Cell, run.at(-1) as Cell]
    const sources = run.flatMap(({ source }) => (source === null ? [] : [source]))
    return { part, sources, edits: cutAll(edits, first.start, last.end) }
  })
}

interface Block {
  readonly cells: readonly Cell[]
  readonly rows: number
}

/**
 * While a part has too many files, folds the cheapest neighbours, and with them all that are not twice as large: a row is
 * rewritten about log2 times in its life, however rows arrive.
 */
function fold(cells: readonly Cell[], edits: readonly Edit[]): void {
  for (;;) {
    const blocks = blocksOf(cells, edits)
    if (blocks.length <= MAX_SEGMENTS) return
    const cost = (i: number): number => (blocks[i] as Block).rows + (blocks[i + 1] as Block).rows
    let low = 0
    for (let i = 1; i + 1 < blocks.length; i++) if (cost(i) < cost(low)) low = i
    let high = low + 1
    let rows = cost(low)
    for (;;) {
      const [before, after] = [blocks[low - 1]?.rows ?? Infinity, blocks[high + 1]?.rows ?? Infinity]
      if (Math.min(before, after) > 2 * rows) break
      rows += Math.min(before, after)
      if (before < after) low--
      else high++
    }
    for (const { cells: folded } of blocks.slice(low, high + 1)) for (const cell of folded) cell.active = true
  }
}

/** The files that a part would have, with their rows, at most. */
function blocksOf(cells: readonly Cell[], edits: readonly Edit[]): Block[] {
  const runs = runsOf(cells)
  const stays = cells.filter((cell) => !cell.active && cell.source !== null).map((cell) => [cell])
  return [...runs, ...stays]
    .toSorted((a, b) => ((a[0] as Cell).start < (b[0] as Cell).start ? -1 : 1))
    .map((block) => ({ cells: block, rows: block.reduce((sum, cell) => sum + rowsIn(cell, edits), 0) }))
}

function rowsIn(cell: Cell, edits: readonly Edit[]): number {
  const fresh = cell.active ? cutAll(edits, cell.start, cell.end).reduce((sum, { rows }) => sum + rowCount(rows), 0) : 0
  return fresh + (cell.source?.rows ?? 0)
}
