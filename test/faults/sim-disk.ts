/**
 * What a simulated disk holds: what programs see, and what would be left of it after a power failure.
 *
 * Content that was not synced may be lost, cut short or torn; names that were not synced may be missing, and removed ones
 * may be back. A rename within one folder happens whole or not at all, as on every journaling file system.
 * @module
 */
import { crc32 } from 'node:zlib'
import { type Random, between } from './random.ts'

/** A file: its bytes as programs see them, and those that are safe. */
export interface SimFile {
  readonly content: Uint8Array
  readonly synced: Uint8Array
  readonly modifiedMs: number
  /** The kernel dropped its unsynced bytes after a failed sync: later syncs succeed and keep nothing. */
  readonly isLost: boolean
}

/** A name that a folder got (`null`: lost), and when. */
interface Entry {
  readonly node: number | null
  readonly turn: number
}

/** Changes of names that reach the disk together or not at all. */
interface Pending {
  readonly turn: number
  readonly changes: readonly { readonly folder: number; readonly name: string; readonly node: number | null }[]
}

/** All of a disk at one moment. */
export interface DiskState {
  readonly files: Map<number, SimFile>
  /** Names by folder, as programs see them. */
  readonly folders: Map<number, Map<string, number>>
  /** Names by folder that are safe. */
  readonly safe: Map<number, Map<string, Entry>>
  pending: Pending[]
  nextNode: number
  nextTurn: number
}

/** Node of the root folder. */
export const ROOT = 1

const NO_BYTES = new Uint8Array(0)

/** An empty disk. */
export function emptyDisk(): DiskState {
  return {
    files: new Map(),
    folders: new Map([[ROOT, new Map()]]),
    safe: new Map([[ROOT, new Map()]]),
    pending: [],
    nextNode: 2,
    nextTurn: 1,
  }
}

/** The same disk, to go on with separately. */
export function copyDisk(disk: DiskState): DiskState {
  const folders = new Map([...disk.folders].map(([node, names]) => [node, new Map(names)] as const))
  const safe = new Map([...disk.safe].map(([node, names]) => [node, new Map(names)] as const))
  return { ...disk, files: new Map(disk.files), folders, safe, pending: [...disk.pending] }
}

/** Changes names at once, for programs; on the disk when their folder is synced. */
export function changeNames(disk: DiskState, changes: Pending['changes']): void {
  for (const { folder, name, node } of changes) {
    const names = disk.folders.get(folder) as Map<string, number>
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
  disk.pending.push({ turn: disk.nextTurn++, changes })
}

/** Puts a new file or folder under a name. */
export function addNode(disk: DiskState, folder: number, name: string, file: SimFile | null): number {
  const node = disk.nextNode++
  if (file === null) {
    disk.folders.set(node, new Map())
    disk.safe.set(node, new Map())
  } else disk.files.set(node, file)
  changeNames(disk, [{ folder, name, node }])
  return node
}

/** A file without content. */
export const emptyFile = (modifiedMs: number): SimFile => ({
  content: NO_BYTES,
  synced: NO_BYTES,
  modifiedMs,
  isLost: false,
})

function keep(disk: DiskState, { turn, changes }: Pending): void {
  for (const { folder, name, node } of changes) {
    const names = disk.safe.get(folder) as Map<string, Entry>
    if ((names.get(name)?.turn ?? 0) <= turn) names.set(name, { node, turn })
  }
}

/** Makes the names of a folder safe, and with each what happened together with it. */
export function syncNames(disk: DiskState, folder: number): void {
  const touches = ({ changes }: Pending): boolean => changes.some((change) => change.folder === folder)
  for (const change of disk.pending.filter(touches)) keep(disk, change)
  disk.pending = disk.pending.filter((change) => !touches(change))
}

/** Makes the content of a file safe. */
export function syncContent(disk: DiskState, node: number): void {
  const file = disk.files.get(node) as SimFile
  if (!file.isLost) disk.files.set(node, { ...file, synced: file.content })
}

/**
 * How a power failure takes what was not synced: `all` of it · `subset`: any part, independently · `prefix`: of the names
 * those changed last, as with a journal · `none`: only the process died.
 */
export type CrashModel = 'none' | 'all' | 'subset' | 'prefix'

/** The disk after a crash. */
export function crashDisk(before: DiskState, model: CrashModel, random: Random): DiskState {
  const disk = copyDisk(before)
  if (model === 'none') return disk
  const cut = model === 'prefix' ? between(random, 0, disk.pending.length + 1) : 0
  for (const [i, change] of disk.pending.entries()) {
    if (model === 'prefix' ? i < cut : model === 'subset' && random() < 0.5) keep(disk, change)
  }
  disk.pending = []
  for (const [node, file] of disk.files) {
    const content = model === 'all' || file.isLost ? file.synced : tear(file, random)
    disk.files.set(node, { ...file, content, synced: content, isLost: false })
  }
  disk.folders.clear()
  const safe = new Map(disk.safe)
  disk.safe.clear()
  reach(disk, safe, ROOT)
  for (const node of disk.files.keys()) {
    if (![...disk.folders.values()].some((names) => [...names.values()].includes(node))) disk.files.delete(node)
  }
  return disk
}

function reach(disk: DiskState, safe: DiskState['safe'], folder: number): void {
  const names = new Map<string, number>()
  disk.folders.set(folder, names)
  disk.safe.set(folder, new Map())
  for (const [name, { node }] of safe.get(folder) ?? []) {
    if (node === null) continue
    names.set(name, node)
    disk.safe.get(folder)?.set(name, { node, turn: 0 })
    if (!disk.files.has(node) && !disk.folders.has(node)) reach(disk, safe, node)
  }
}

/** The disk once everything was synced. */
export function settledDisk(before: DiskState): DiskState {
  const disk = copyDisk(before)
  for (const change of disk.pending) keep(disk, change)
  disk.pending = []
  for (const node of disk.files.keys()) syncContent(disk, node)
  return disk
}

/** What a power failure leaves of a file whose end was not synced. */
function tear({ content, synced }: SimFile, random: Random): Uint8Array {
  if (content.length <= synced.length) return content
  const added = content.length - synced.length
  const choice = random()
  if (choice < 0.3) return synced
  if (choice < 0.5) return content
  const kept = synced.length + between(random, 0, added)
  if (choice < 0.7) return content.slice(0, kept)
  // The length reached the disk, some of the blocks did not.
  const torn = content.slice()
  torn.fill(0, choice < 0.85 ? synced.length : kept)
  return torn
}

/** One text for equal disks. */
export function diskKey(disk: DiskState): string {
  const lines: string[] = []
  const walk = (folder: number, path: string): void => {
    for (const [name, node] of [...(disk.folders.get(folder) as Map<string, number>)].toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      const file = disk.files.get(node)
      lines.push(`${path}/${name}:${node}${file === undefined ? '' : `:${file.content.length}:${crc32(file.content)}`}`)
      if (file === undefined) walk(node, `${path}/${name}`)
    }
  }
  walk(ROOT, '')
  return lines.join('\n')
}
