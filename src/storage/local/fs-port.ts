/**
 * The file system as the store sees it. Every access goes through this port, so that tests can simulate crashes,
 * full disks and slow disks. Errors carry the `code` of POSIX (`ENOENT`, `EEXIST`, `ENOSPC`, …), as those of Node do.
 * @module
 */

/** Facts of a file or folder. */
export interface FileFacts {
  readonly sizeBytes: number
  /** Last change of content, epoch milliseconds. */
  readonly modifiedMs: number
  /** Number of the file itself: equal for two names of one file. */
  readonly inode: number
  /** Names that the file has. */
  readonly links: number
}

/** An open file. */
export type FileHandle = number

/** What the store needs of a file system. */
export interface FsPort {
  /** `create` fails with `EEXIST` where the name exists; `read` with `ENOENT` where it does not. */
  open(path: string, mode: 'read' | 'create'): Promise<FileHandle>
  /** Appends the chunks in order; returns the bytes written, which may be fewer than given. */
  write(file: FileHandle, chunks: readonly Uint8Array[]): Promise<number>
  /** Fills `target` from `position`; returns the bytes read, which may be fewer, 0 at the end. */
  read(file: FileHandle, target: Uint8Array, position: number): Promise<number>
  /** Content of an open file reaches the disk. Never called again for a file for which it failed. */
  fsync(file: FileHandle): Promise<void>
  close(file: FileHandle): Promise<void>
  /** Names of a folder reach the disk. Does nothing where the platform cannot. */
  fsyncFolder(path: string): Promise<void>
  /** A second name for a file; fails with `EEXIST` where the name exists. */
  link(path: string, name: string): Promise<void>
  /** Replaces what has the new name. */
  rename(path: string, name: string): Promise<void>
  unlink(path: string): Promise<void>
  /** One folder; fails with `EEXIST` where it exists. */
  makeFolder(path: string): Promise<void>
  /** One empty folder; fails with `ENOTEMPTY` otherwise. */
  removeFolder(path: string): Promise<void>
  /** Names in a folder, in any order. */
  list(path: string): Promise<readonly string[]>
  /** Bytes that this process may still write. */
  freeBytes(path: string): Promise<number>
  /** Null where there is nothing of that name. */
  factsSync(path: string): FileFacts | null
  openSync(path: string): FileHandle
  readSync(file: FileHandle, target: Uint8Array, position: number): number
  closeSync(file: FileHandle): void
}

/** The POSIX code of an error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Has the error one of these POSIX codes? */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error) ?? '')
}

const PASSING = ['EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN', 'EINTR']
const ATTEMPTS = 6

/**
 * The same file system, which asks again a few times where a name is busy or handles ran out.
 * Writing and syncing content is never repeated: after a failed fsync the kernel may have dropped the data.
 */
export function patientFs(fs: FsPort, sleep: (ms: number) => Promise<void>): FsPort {
  const patient = <Args extends readonly unknown[], Result>(
    call: (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) => {
    return async (...args) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await call(...args)
        } catch (error) {
          if (attempt === ATTEMPTS || !isCode(error, ...PASSING)) throw error
          await sleep(2 ** attempt)
        }
      }
    }
  }
  return {
    ...fs,
    open: patient(fs.open),
    link: patient(fs.link),
    rename: patient(fs.rename),
    unlink: patient(fs.unlink),
    makeFolder: patient(fs.makeFolder),
    list: patient(fs.list),
  }
}

/** Reads a whole file synchronously: one open, one read, one close. Null where there is none. */
export function readSmall(fs: FsPort, path: string, maxBytes: number): Uint8Array | null {
  const facts = fs.factsSync(path)
  if (facts === null) return null
  if (facts.sizeBytes > maxBytes)
    throw new RangeError(`${path} is ${facts.sizeBytes} bytes long, more than ${maxBytes}`)
  let file: FileHandle
  try {
    file = fs.openSync(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
  try {
    const bytes = new Uint8Array(facts.sizeBytes)
    let at = 0
    while (at < bytes.length) {
      const got = fs.readSync(file, bytes.subarray(at), at)
      if (got === 0) return bytes.subarray(0, at)
      at += got
    }
    return bytes
  } finally {
    fs.closeSync(file)
  }
}

/** Writes all chunks to a new file, syncs its content and closes it. On failure the file is removed. */
export async function writeDurably(fs: FsPort, path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const file = await fs.open(path, 'create')
  let open = true
  try {
    await writeAll(fs, file, chunks)
    await fs.fsync(file)
    open = false
    await fs.close(file)
  } catch (error) {
    if (open) await fs.close(file).catch(() => {})
    await fs.unlink(path).catch(() => {})
    throw error
  }
}

/** Writes all chunks, however few bytes the file system takes at once. */
export async function writeAll(fs: FsPort, file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks.filter((chunk) => chunk.length > 0)
  while (left.length > 0) {
    let written = await fs.write(file, left)
    if (written <= 0) throw Object.assign(new Error('ENOSPC: nothing was written'), { code: 'ENOSPC' })
    const rest: Uint8Array[] = []
    for (const chunk of left) {
      if (written >= chunk.length) written -= chunk.length
      else {
        rest.push(chunk.subarray(written))
        written = 0
      }
    }
    left = rest
  }
}

/** The folder that a path lies in. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** Makes a folder of a store and those above it; names below the root may be lost with the power. */
export async function makeFolders(fs: FsPort, root: string, path: string): Promise<void> {
  await ensureFolder(fs, root)
  await makeMissing(fs, path)
}

async function makeMissing(fs: FsPort, path: string): Promise<void> {
  if (path === '/' || fs.factsSync(path) !== null) return
  const parent = folderOf(path)
  if (parent !== path) await makeMissing(fs, parent)
  try {
    await fs.makeFolder(path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
}

/** Makes a folder and those above it; each name that is new reaches the disk. */
export async function ensureFolder(fs: FsPort, path: string): Promise<void> {
  if (path === '/' || fs.factsSync(path) !== null) return
  const parent = folderOf(path)
  if (parent !== path) await ensureFolder(fs, parent)
  await makeMissing(fs, path)
  await fs.fsyncFolder(parent)
}

/**
 * Brings the names in a folder to the disk, and those of the folder and of all above it up to the root's, whoever made
 * them: a process that was stopped, or one that runs, may have made them and not synced them.
 * @param lasting a folder on this way that no store removes: a new folder may have the inode of one that was removed
 * @param vouched inodes of folders whose names are known to be there; gains those that were synced, from `lasting` up
 */
export async function syncPath(
  fs: FsPort,
  root: string,
  folder: string,
  lasting: string,
  vouched: Map<string, number>,
): Promise<void> {
  await fs.fsyncFolder(folder)
  for (let at = folder; at.length >= root.length && at !== folderOf(at); at = folderOf(at)) {
    const inode = at.length > lasting.length ? undefined : fs.factsSync(at)?.inode
    if (inode !== undefined && vouched.get(at) === inode) continue
    try {
      await fs.fsyncFolder(folderOf(at))
      if (inode !== undefined) vouched.set(at, inode)
    } catch (error) {
      // The folder above the root may be closed to this process; it is none of the store's.
      if (at !== root || !isCode(error, 'EACCES', 'EPERM')) throw error
    }
  }
}

/** Unlinks a file that may be gone already. @returns was it there? */
export async function removeFile(fs: FsPort, path: string): Promise<boolean> {
  try {
    await fs.unlink(path)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Names in a folder; none where there is no folder. */
export async function listFolder(fs: FsPort, path: string): Promise<readonly string[]> {
  try {
    return await fs.list(path)
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
