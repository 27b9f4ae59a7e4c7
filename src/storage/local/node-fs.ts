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
  mkdir,
  open,
  openSync,
  read,
  readSync,
  readdir,
  rename,
  rmdir,
  statSync,
  statfs,
  unlink,
  writev,
} from 'node:fs'
import { promisify } from 'node:util'
import { type FileFacts, type FsPort, isCode } from './fs-port.ts'

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

async function fsyncFolder(path: string): Promise<void> {
  // NTFS keeps names by its own journal, and a folder cannot be opened there.
  if (WINDOWS) return
  const folder = await openFile(path, constants.O_RDONLY)
  try {
    await syncFile(folder)
  } catch (error) {
    if (!isCode(error, 'EINVAL', 'ENOTSUP')) throw error
  } finally {
    await closeFile(folder)
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

/** `node:fs` behind the port. */
export const nodeFs: FsPort = Object.freeze({
  open: (path: string, mode: 'read' | 'create') => openFile(path, mode === 'create' ? 'wx' : 'r'),
  write: writeChunks,
  read: readInto,
  fsync: syncFile,
  close: closeFile,
  fsyncFolder,
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
