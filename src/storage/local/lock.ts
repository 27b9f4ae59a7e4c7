/**
 * The advisory lock of a series: it saves two processes from doing the same work, and gives way after a while.
 * Nothing is wrong without it: the log decides which commit comes first.
 * @module
 */
import { hostname } from 'node:os'
import { storageFault } from './faults.ts'
import { makeFolders, isCode, readSmall, removeFile, writeAll } from './fs-port.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

interface Owner {
  readonly pid: number
  readonly host: string
  readonly startedAtMs: number
  readonly nonce: string
}

/** Longest wait between two looks at the lock. */
const MAX_WAIT_MS = 100
/** A lock without a readable owner is left alone for this long. */
const UNREADABLE_MS = 2_000

/**
 * Runs `work` while this process holds the lock, or after waiting for it in vain.
 * @throws {StorageError} `storage/read-only` where the store cannot be written; rejects with `signal.reason` when aborted
 */
export async function withLock<T>(
  store: LocalStore,
  desk: Desk,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const giveUpMs = store.now() + store.options.lockTimeoutMs
  const release = await takeTurn(store, desk, giveUpMs, signal)
  try {
    const nonce = await takeLock(store, desk, giveUpMs, signal)
    try {
      return await work()
    } finally {
      if (nonce !== null) await releaseLock(store, desk, nonce)
    }
  } finally {
    release()
  }
}

/** Waits for other work of this process on the series; goes on without a turn after the time. */
async function takeTurn(store: LocalStore, desk: Desk, giveUpMs: number, signal?: AbortSignal): Promise<() => void> {
  if (!desk.work.isLocked()) return await desk.work.acquire()
  let isOver = false
  const turn = desk.work.acquire().then((release) => {
    if (isOver) release()
    return release
  })
  for (;;) {
    const taken = await Promise.race([turn, store.sleep(MAX_WAIT_MS / 4)])
    if (typeof taken === 'function') return taken
    if (signal?.aborted || store.now() >= giveUpMs) {
      isOver = true
      signal?.throwIfAborted()
      return () => {}
    }
  }
}

/** @returns the nonce of the lock, or null where it could not be had in time */
async function takeLock(store: LocalStore, desk: Desk, giveUpMs: number, signal?: AbortSignal): Promise<string | null> {
  const nonce = freshId(store)
  const seen = { nonce: '', sinceMs: store.now() }
  for (let waitMs = 5; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
    if (await makeLock(store, desk, nonce)) return nonce
    const owner = readOwner(store, desk)
    const found = owner?.nonce ?? ''
    if (found !== seen.nonce) {
      seen.nonce = found
      seen.sinceMs = store.now()
    }
    const isLate = store.now() >= giveUpMs
    const isForeign = owner !== null && owner.host !== hostname()
    if (owner === null ? store.now() - seen.sinceMs > UNREADABLE_MS : isDead(owner) || (isLate && isForeign)) {
      await takeAway(store, desk, seen.nonce)
      if (!isLate) continue
    }
    if (isLate) return null
    await store.sleep(waitMs * (0.5 + store.random() / 2))
    signal?.throwIfAborted()
  }
}

async function makeLock(store: LocalStore, desk: Desk, nonce: string): Promise<boolean> {
  const owner: Owner = { pid: process.pid, host: hostname(), startedAtMs: Math.trunc(store.now()), nonce }
  const { fs } = store
  const { folder, lock } = desk.paths
  try {
    await makeFolders(fs, store.options.root, folder)
    const file = await fs.open(lock, 'create')
    try {
      await writeAll(fs, file, [new TextEncoder().encode(JSON.stringify(owner))])
    } catch (error) {
      await removeFile(fs, lock).catch(() => false)
      throw error
    } finally {
      await fs.close(file)
    }
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw storageFault(error, 'take the lock', desk.series, lock)
  }
}

function readOwner(store: LocalStore, desk: Desk): Owner | null {
  try {
    const bytes = readSmall(store.fs, desk.paths.lock, 4_096)
    const owner = bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as Owner)
    return owner !== null && typeof owner.nonce === 'string' && Number.isSafeInteger(owner.pid) ? owner : null
  } catch {
    return null
  }
}

/** Is the owner a process of this machine that is no more? */
function isDead({ host, pid }: Owner): boolean {
  if (host !== hostname() || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return isCode(error, 'ESRCH')
  }
}

/** Removes a lock that was judged dead, by a name of our own, so that a fresh one is noticed and put back. */
async function takeAway(store: LocalStore, desk: Desk, judged: string): Promise<void> {
  const { fs } = store
  const aside = `${desk.paths.folder}/._lock.${freshId(store)}.tmp`
  try {
    await fs.rename(desk.paths.lock, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw storageFault(error, 'take the lock', desk.series, desk.paths.lock)
  }
  const bytes = readSmall(fs, aside, 4_096)
  const isJudged = bytes === null || judged === '' || new TextDecoder().decode(bytes).includes(judged)
  if (!isJudged) await fs.link(aside, desk.paths.lock).catch(() => {})
  await removeFile(fs, aside)
}

async function releaseLock(store: LocalStore, desk: Desk, nonce: string): Promise<void> {
  if (readOwner(store, desk)?.nonce !== nonce) return
  await removeFile(store.fs, desk.paths.lock).catch(() => false)
  // A folder made for a lock alone goes with it.
  try {
    if (store.fs.factsSync(desk.paths.log) === null) await store.fs.removeFolder(desk.paths.folder)
  } catch {
    // Work that is done stays done, whatever becomes of the folder.
  }
}
