/**
 * How a version gets its number where the file system has no hard links: a claim, made only if none exists, stands for the
 * number while the version is renamed. A claim whose maker died is taken away; one that was taken away is noticed.
 * @module
 */
import { conflict } from '../next-version.ts'
import { isCode, readSmall, removeFile, writeAll } from './fs-port.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

/** How often a claim is looked at. */
const WAIT_MS = 20

/**
 * Renames a version to its final name, unless the name exists.
 * @throws {StorageError} `storage/conflict`
 */
export async function renameClaimed(
  store: LocalStore,
  desk: Desk,
  temporary: string,
  path: string,
  opId: string,
): Promise<void> {
  const { fs } = store
  const claim = `${path}.claim`
  const nonce = await takeClaim(store, desk, claim, path, opId)
  try {
    if (fs.factsSync(path) !== null) throw conflict(desk.series, opId, 'its number is taken')
    if (ownerOf(store, claim) !== nonce) throw conflict(desk.series, opId, 'its claim was taken away')
    try {
      await fs.rename(temporary, path)
    } catch (error) {
      // Only this writer renames the file: if it is gone, it has its name, and the answer was lost.
      if (fs.factsSync(temporary) !== null) throw error
    }
  } finally {
    await giveBack(store, claim, nonce)
  }
}

async function takeClaim(store: LocalStore, desk: Desk, claim: string, path: string, opId: string): Promise<string> {
  const nonce = freshId(store)
  let seen = { owner: '', sinceMs: store.now() }
  for (;;) {
    if (store.fs.factsSync(path) !== null) throw conflict(desk.series, opId, 'its number is taken')
    if (await makeClaim(store, claim, nonce)) return nonce
    const owner = ownerOf(store, claim)
    if (owner !== seen.owner) seen = { owner, sinceMs: store.now() }
    // Its maker is gone if nothing came of it for so long.
    if (store.now() - seen.sinceMs >= store.options.lockTimeoutMs) await takeAway(store, desk, claim, owner)
    else await store.sleep(WAIT_MS)
  }
}

async function makeClaim({ fs }: LocalStore, claim: string, nonce: string): Promise<boolean> {
  try {
    const file = await fs.open(claim, 'create')
    try {
      await writeAll(fs, file, [new TextEncoder().encode(nonce)])
    } finally {
      await fs.close(file)
    }
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    await removeFile(fs, claim).catch(() => {})
    throw error
  }
}

/** Who made a claim; empty where it says nothing. */
function ownerOf({ fs }: LocalStore, claim: string): string {
  const bytes = readSmall(fs, claim, 4_096)
  return bytes === null ? '' : new TextDecoder().decode(bytes)
}

/** Removes a claim that was judged dead, by a name of our own, so that a fresh one is noticed and put back. */
async function takeAway(store: LocalStore, desk: Desk, claim: string, judged: string): Promise<void> {
  const { fs } = store
  const aside = `${desk.paths.log}/.claim.${freshId(store)}.tmp`
  try {
    await fs.rename(claim, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  if (ownerOf(store, aside) === judged) await removeFile(fs, aside)
  else await fs.rename(aside, claim)
}

async function giveBack(store: LocalStore, claim: string, nonce: string): Promise<void> {
  try {
    if (ownerOf(store, claim) === nonce) await removeFile(store.fs, claim)
  } catch {
    // A version that has its name keeps it; the claim of its number is in nobody's way.
  }
}
