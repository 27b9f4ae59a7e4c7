/**
 * A file system in memory behind the store's port, which fails where a test says so and knows what a power failure takes.
 * @module
 */
import type { FileFacts, FileHandle, FsPort } from '../../src/storage/local/index.ts'
import {
  type DiskState,
  ROOT,
  type SimFile,
  addNode,
  changeNames,
  emptyDisk,
  emptyFile,
  syncContent,
  syncNames,
} from './sim-disk.ts'

/** One operation as a hook sees it. */
export interface SimOperation {
  readonly name: keyof FsPort
  /** Of `link` and `rename`, the new name. */
  readonly path: string
  /** Can it change the disk? */
  readonly changes: boolean
}

/** What a test does around operations; either may throw, which fails the operation. */
export interface SimHooks {
  /** Nothing happened yet. */
  before?: (operation: SimOperation) => void
  /** It happened; an error stands for an answer that was lost. */
  after?: (operation: SimOperation) => void
  /** How many of the bytes offered a write takes; default all. */
  takes?: (bytes: number) => number
}

/** A simulated file system. */
export interface SimFs extends FsPort {
  disk: DiskState
  hooks: SimHooks
  /** Bytes that all files may have together. */
  capacityBytes: number
  /** Handles that are open. */
  readonly handles: ReadonlyMap<FileHandle, number>
  /** Content of a file, or null; no operation of the port. */
  peek(path: string): Uint8Array | null
  /** Overwrites a file in place, as a failing disk would; it keeps its other names. */
  poke(path: string, content: Uint8Array): void
  /** Gives a file another name, which may have been another file's; null removes the name. Safe at once. */
  relink(name: string, path: string | null): void
  /** Paths of all files; no operation of the port. */
  paths(): string[]
}

/** An error as the platform's file system throws it. */
export function fsError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

/** Makes a simulated file system. */
export function createSimFs(now: () => number, disk: DiskState = emptyDisk()): SimFs {
  const handles = new Map<FileHandle, number>()
  let nextHandle = 3

  const find = (path: string): number | null => {
    let node = ROOT
    for (const name of path.split('/')) {
      if (name === '') continue
      const next = sim.disk.folders.get(node)?.get(name)
      if (next === undefined) return null
      node = next
    }
    return node
  }
  const place = (path: string): { folder: number; name: string; node: number | null } => {
    const at = path.lastIndexOf('/')
    const folder = find(path.slice(0, at))
    if (folder === null) throw fsError('ENOENT', path)
    const names = sim.disk.folders.get(folder)
    if (names === undefined) throw fsError('ENOTDIR', path)
    const name = path.slice(at + 1)
    return { folder, name, node: names.get(name) ?? null }
  }
  const fileAt = (path: string): { folder: number; name: string; node: number } => {
    const there = place(path)
    if (there.node === null) throw fsError('ENOENT', path)
    return { ...there, node: there.node }
  }
  const opened = (handle: FileHandle): { node: number; file: SimFile } => {
    const node = handles.get(handle)
    const file = node === undefined ? undefined : sim.disk.files.get(node)
    if (node === undefined || file === undefined) throw fsError('EBADF', String(handle))
    return { node, file }
  }
  const pathOf = new Map<FileHandle, string>()
  const openFile = (node: number, path: string): FileHandle => {
    const handle = nextHandle++
    handles.set(handle, node)
    pathOf.set(handle, path)
    return handle
  }
  const run = <T>(name: keyof FsPort, path: string, changes: boolean, work: () => T): T => {
    const operation = { name, path, changes }
    sim.hooks.before?.(operation)
    const result = work()
    sim.hooks.after?.(operation)
    return result
  }
  const readAt = (handle: FileHandle, target: Uint8Array, position: number): number => {
    const { content } = opened(handle).file
    const bytes = content.subarray(position, position + target.length)
    target.set(bytes)
    return bytes.length
  }
  /** The handle is gone, also where closing reports an error. */
  const shut = (name: 'close' | 'closeSync', handle: FileHandle): void => {
    const path = of(handle)
    const isOpen = handles.delete(handle)
    pathOf.delete(handle)
    run(name, path, false, () => {
      if (!isOpen) throw fsError('EBADF', path)
    })
  }
  const openToRead = (path: string): FileHandle => {
    const { node } = fileAt(path)
    if (!sim.disk.files.has(node)) throw fsError('EISDIR', path)
    return openFile(node, path)
  }
  const facts = (path: string): FileFacts | null => {
    const node = find(path)
    if (node === null) return null
    const file = sim.disk.files.get(node)
    if (file === undefined) return { sizeBytes: 0, modifiedMs: 0, inode: node, links: 2 }
    let links = 0
    for (const names of sim.disk.folders.values()) for (const other of names.values()) if (other === node) links++
    return { sizeBytes: file.content.length, modifiedMs: file.modifiedMs, inode: node, links }
  }
  const used = (): number => {
    if (sim.capacityBytes === Infinity) return 0
    const named = new Set([...sim.disk.folders.values()].flatMap((names) => [...names.values()]))
    return [...named].reduce((sum, node) => sum + (sim.disk.files.get(node)?.content.length ?? 0), 0)
  }
  const of = (handle: FileHandle): string => pathOf.get(handle) ?? String(handle)

  const sim: SimFs = {
    disk,
    hooks: {},
    capacityBytes: Infinity,
    handles,
    open: async (path, mode) =>
      run('open', path, mode === 'create', () => {
        if (mode === 'read') return openToRead(path)
        const { folder, name, node } = place(path)
        if (node !== null) throw fsError('EEXIST', path)
        return openFile(addNode(sim.disk, folder, name, emptyFile(now())), path)
      }),
    write: async (handle, chunks) =>
      run('write', of(handle), true, () => {
        const { node, file } = opened(handle)
        const offered = chunks.reduce((sum, { length }) => sum + length, 0)
        const free = sim.capacityBytes - used()
        if (offered > 0 && free <= 0) throw fsError('ENOSPC', of(handle))
        const taken = Math.min(offered, free, sim.hooks.takes?.(offered) ?? offered)
        const content = new Uint8Array(file.content.length + offered)
        content.set(file.content)
        let at = file.content.length
        for (const chunk of chunks) {
          content.set(chunk, at)
          at += chunk.length
        }
        sim.disk.files.set(node, {
          ...file,
          content: content.subarray(0, file.content.length + taken),
          modifiedMs: now(),
        })
        return taken
      }),
    read: async (handle, target, position) => run('read', of(handle), false, () => readAt(handle, target, position)),
    fsync: async (handle) => {
      const { node, file } = opened(handle)
      try {
        run('fsync', of(handle), true, () => syncContent(sim.disk, node))
      } catch (error) {
        if ((error as { code?: unknown }).code === 'EIO') sim.disk.files.set(node, { ...file, isLost: true })
        throw error
      }
    },
    close: async (handle) => shut('close', handle),
    fsyncFolder: async (path) =>
      run('fsyncFolder', path, true, () => {
        const node = find(path)
        if (node === null) throw fsError('ENOENT', path)
        syncNames(sim.disk, node)
      }),
    link: async (path, name) =>
      run('link', name, true, () => {
        const { node } = fileAt(path)
        const target = place(name)
        if (target.node !== null) throw fsError('EEXIST', name)
        changeNames(sim.disk, [{ ...target, node }])
      }),
    rename: async (path, name) =>
      run('rename', name, true, () => {
        const source = fileAt(path)
        const target = place(name)
        if (target.node === source.node) return
        const isFolder = sim.disk.folders.has(source.node)
        if (target.node !== null && sim.disk.folders.has(target.node) !== isFolder)
          throw fsError(isFolder ? 'ENOTDIR' : 'EISDIR', name)
        if (target.node !== null && (sim.disk.folders.get(target.node)?.size ?? 0) > 0) throw fsError('ENOTEMPTY', name)
        const [gone, here] = [
          { ...source, node: null },
          { ...target, node: source.node },
        ]
        // Between two folders a file may end in both or, if only the old folder was synced, in none.
        if (source.folder === target.folder || isFolder) changeNames(sim.disk, [gone, here])
        else for (const change of [here, gone]) changeNames(sim.disk, [change])
      }),
    unlink: async (path) =>
      run('unlink', path, true, () => {
        const there = fileAt(path)
        if (sim.disk.folders.has(there.node)) throw fsError('EISDIR', path)
        changeNames(sim.disk, [{ ...there, node: null }])
      }),
    makeFolder: async (path) =>
      run('makeFolder', path, true, () => {
        const { folder, name, node } = place(path)
        if (node !== null) throw fsError('EEXIST', path)
        addNode(sim.disk, folder, name, null)
      }),
    removeFolder: async (path) =>
      run('removeFolder', path, true, () => {
        const there = fileAt(path)
        const names = sim.disk.folders.get(there.node)
        if (names === undefined) throw fsError('ENOTDIR', path)
        if (names.size > 0) throw fsError('ENOTEMPTY', path)
        changeNames(sim.disk, [{ ...there, node: null }])
      }),
    list: async (path) =>
      run('list', path, false, () => {
        const node = find(path)
        if (node === null) throw fsError('ENOENT', path)
        const names = sim.disk.folders.get(node)
        if (names === undefined) throw fsError('ENOTDIR', path)
        return [...names.keys()]
      }),
    freeBytes: async (path) => run('freeBytes', path, false, () => Math.max(0, sim.capacityBytes - used())),
    factsSync: (path) => run('factsSync', path, false, () => facts(path)),
    openSync: (path) => run('openSync', path, false, () => openToRead(path)),
    readSync: (handle, target, position) => run('readSync', of(handle), false, () => readAt(handle, target, position)),
    closeSync: (handle) => shut('closeSync', handle),
    peek: (path) => sim.disk.files.get(find(path) ?? 0)?.content ?? null,
    poke(path, content) {
      const node = find(path) ?? 0
      const file = sim.disk.files.get(node)
      if (file === undefined) throw fsError('ENOENT', path)
      sim.disk.files.set(node, { ...file, content, synced: content })
    },
    relink(name, path) {
      const target = place(name)
      changeNames(sim.disk, [{ ...target, node: path === null ? null : fileAt(path).node }])
      syncNames(sim.disk, target.folder)
    },
    paths() {
      const out: string[] = []
      const walk = (folder: number, path: string): void => {
        for (const [name, node] of sim.disk.folders.get(folder) as Map<string, number>) {
          if (sim.disk.files.has(node)) out.push(`${path}/${name}`)
          else walk(node, `${path}/${name}`)
        }
      }
      walk(ROOT, '')
      return out
    },
  }
  return sim
}

/** A disk that has no hard links. */
export const withoutLinks = (fs: FsPort): FsPort => ({
  ...fs,
  link: async (_, name) => Promise.reject(fsError('EPERM', name)),
})
