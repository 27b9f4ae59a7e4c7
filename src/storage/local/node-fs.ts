/**
 * The file system of the platform.
 * @module
 */
import {
  close,
  closeSync,
  constants,
  fsync,
  link,
  linkSync,
  mkdir,
  open,
  openSync,
  read,
  readSync,
  readdir,
  rename,
  renameSync,
  rmdir,
  statSync,
  statfs,
  unlink,
  unlinkSync,
  writev,
  writevSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { type FileFacts, type FsPort, isCode } from './fs-port.ts'
import { createTurns } from './turns.ts'

const [openFile, closeFile, syncFile, makeLink, changeName, removeName, makeDir, removeDir, listDir, diskFacts] = [
  promisify(open),
  promisify(close),
  promisify(fsync),
  promisify(link),
  promisify(rename),
  promisify(unlink),
  promisify(mkdir) as (path: string) => Promise<void>,
  promisify(rmdir) as (path: string) => Promise<void>,
  promisify(readdir) as (path: string) => Promise<string[]>,
  promisify(statfs),
]

const WINDOWS = process.platform === 'win32'

function writeChunks(file: number, chunks: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(file, chunks as Uint8Array[], (error, written) => (error === null ? resolve(written) : reject(error)))
  })
}

function readInto(file: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, target, 0, target.length, position, (error, got) => (error === null ? resolve(got) : reject(error)))
  })
}

type FolderCalls = Pick<FsPort, 'close'> & { open(path: string): Promise<number> }

/** Syncs a folder by the given ways to open and to close it. */
function folderSync({ open: openFolder, close: closeFolder }: FolderCalls): FsPort['fsyncFolder'] {
  return async (path) => {
    // NTFS keeps names by its own journal, and a folder cannot be opened there.
    if (WINDOWS) return
    const folder = await openFolder(path)
    try {
      await syncFile(folder)
    } catch (error) {
      if (!isCode(error, 'EINVAL', 'ENOTSUP')) throw error
    } finally {
      await closeFolder(folder)
    }
  }
}

/** Virus scanners and indexers hold names for a moment on Windows. */
async function unheld(change: () => Promise<void>): Promise<void> {
  for (let waitMs = 5; ; waitMs *= 2) {
    try {
      return await change()
    } catch (error) {
      if (!WINDOWS || waitMs > 5_000 || !isCode(error, 'EPERM', 'EACCES', 'EBUSY')) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())))
    }
  }
}

function factsSync(path: string): FileFacts | null {
  const facts = statSync(path, { throwIfNoEntry: false })
  if (facts === undefined) return null
  return { sizeBytes: facts.size, modifiedMs: facts.mtimeMs, inode: facts.ino, links: facts.nlink }
}

/** `node:fs` behind the port, where every call waits in the queue of the platform: for disks on a network. */
export const queuedNodeFs: FsPort = Object.freeze({
  open: (path: string, mode: 'read' | 'create') => openFile(path, mode === 'create' ? 'wx' : 'r'),
  write: writeChunks,
  read: readInto,
  fsync: syncFile,
  close: closeFile,
  fsyncFolder: folderSync({ open: (path) => openFile(path, constants.O_RDONLY), close: closeFile }),
  link: (path: string, name: string) => unheld(() => makeLink(path, name)),
  rename: (path: string, name: string) => unheld(() => changeName(path, name)),
  unlink: (path: string) => unheld(() => removeName(path)),
  makeFolder: makeDir,
  removeFolder: removeDir,
  list: listDir,
  async freeBytes(path: string) {
    const facts = await diskFacts(path)
    return facts.bavail * facts.bsize
  },
  factsSync,
  openSync: (path: string) => openSync(path, 'r'),
  readSync: (file: number, target: Uint8Array, position: number) => readSync(file, target, 0, target.length, position),
  closeSync,
})

/** Content up to this size is handed to the page cache at once. */
const SMALL_BYTES = 1_048_576

const turns = createTurns()

/** The call at once, which costs less than a place in the queue; after a while of such calls the event loop gets a turn. */
function atOnce<Args extends readonly unknown[], Result>(
  call: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    await turns()
    return call(...args)
  }
}

const [openAtOnce, closeAtOnce, writeAtOnce, linkAtOnce, renameAtOnce, unlinkAtOnce] = [
  atOnce((path: string) => openSync(path, constants.O_RDONLY)),
  atOnce((file: number) => closeSync(file)),
  atOnce((file: number, chunks: readonly Uint8Array[]) => writevSync(file, chunks as Uint8Array[])),
  atOnce((path: string, name: string) => linkSync(path, name)),
  atOnce((path: string, name: string) => renameSync(path, name)),
  atOnce((path: string) => unlinkSync(path)),
]

/**
 * `node:fs` behind the port. What happens in memory happens at once; what may wait for the disk or its journal, such as
 * to sync and to make a file or a folder, waits in the queue of the platform.
 */
export const nodeFs: FsPort = Object.freeze({
  ...queuedNodeFs,
  write: (file: number, chunks: readonly Uint8Array[]) => {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
    return bytes <= SMALL_BYTES ? writeAtOnce(file, chunks) : writeChunks(file, chunks)
  },
  close: closeAtOnce,
  fsyncFolder: folderSync({ open: openAtOnce, close: closeAtOnce }),
  link: (path: string, name: string) => unheld(() => linkAtOnce(path, name)),
  rename: (path: string, name: string) => unheld(() => renameAtOnce(path, name)),
  unlink: (path: string) => unheld(() => unlinkAtOnce(path)),
})
