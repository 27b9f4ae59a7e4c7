/**
 * Puts the next version into the log: all of it or nothing, and only if no other has the number.
 * @module
 */
import { StorageError } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import { conflict } from '../next-version.ts'
import { renameClaimed } from './claim.ts'
import { storageFault } from './faults.ts'
import { codeOf, isCode, removeFile, writeDurably } from './fs-port.ts'
import { listLog, readHead, readVersion, rememberVersion } from './log.ts'
import { versionName } from './layout.ts'
import { type LocalSnapshot, type SnapshotContent, encodeSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId, warnOnce } from './store.ts'

/** Codes with which a file system says that it has no hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL']

/**
 * Puts a version whose data files are on the disk already.
 * The order is the promise: content of the file, its name by a link that fails where the name exists, the folder.
 * @throws {StorageError} `storage/conflict` where another has the number; `storage/unknown-outcome` where the version
 *   has its name but may not survive a power failure; `storage/full`, `storage/read-only`
 */
export async function putVersion(
  store: LocalStore,
  desk: Desk,
  content: SnapshotContent,
  opId: string,
): Promise<LocalSnapshot> {
  const { fs } = store
  const { version } = content
  const path = `${desk.paths.log}/${versionName(version)}`
  const { bytes, snapshot } = encodeSnapshot(content)
  const temporary = `${desk.paths.log}/.${versionName(version)}.${freshId(store)}.tmp`
  await writeDurably(fs, temporary, [bytes])
  try {
    await claim(store, desk, temporary, path, opId)
  } finally {
    await removeFile(fs, temporary).catch(() => {})
  }
  let overtaken: boolean
  try {
    overtaken = await wasOvertaken(store, desk, content, opId)
    if (overtaken) await removeFile(fs, path)
    else await fs.fsyncFolder(desk.paths.log)
  } catch (error) {
    throw unknownOutcome(desk, version, opId, error)
  }
  if (overtaken) throw conflict(desk.series, opId, `version ${version - 1} is long gone`)
  desk.hint = version
  try {
    rememberVersion(store, path, snapshot, bytes.length)
  } catch {
    // The version stands; the next reader reads it from the disk.
  }
  return snapshot
}

/**
 * Makes sure that a version is on the disk which another commit put: that one may not have lived to sync its name.
 * @throws {StorageError} `storage/unknown-outcome`
 */
export async function confirmVersion(
  store: LocalStore,
  desk: Desk,
  snapshot: LocalSnapshot,
  opId: string,
): Promise<LocalSnapshot> {
  try {
    await store.fs.fsyncFolder(desk.paths.log)
    return snapshot
  } catch (error) {
    throw unknownOutcome(desk, snapshot.version, opId, error)
  }
}

function unknownOutcome(desk: Desk, version: number, opId: string, cause: unknown): StorageError {
  const { series, paths } = desk
  desk.hint = 0
  // After a failed fsync the kernel may take lost data for written: only a new process may trust what it reads.
  if (isCode(cause, 'EIO')) desk.poison = storageFault(cause, 'keep the log', series, paths.log)
  const message = `${seriesKey(series)}: version ${version} was put, but the disk did not confirm it (${codeOf(cause) ?? String(cause)}): retry with the same operation id`
  return new StorageError('storage/unknown-outcome', message, { symbol: series.symbol, opId, path: paths.log, cause })
}

/** Gives the file its final name, unless the name exists. */
async function claim(store: LocalStore, desk: Desk, temporary: string, path: string, opId: string): Promise<void> {
  const { fs } = store
  try {
    await fs.link(temporary, path)
    return
  } catch (error) {
    // A network file system may lose the answer to a link that was made.
    if (fs.factsSync(temporary)?.links === 2) return
    if (isCode(error, 'EEXIST')) throw conflict(desk.series, opId, 'its number is taken')
    if (!isCode(error, ...NO_LINKS)) throw error
  }
  warnOnce(store, 'no-links', {
    code: 'no-hard-links',
    message: `${store.options.root} has no hard links: there is no view for other tools, and several processes should not write at once`,
  })
  await renameClaimed(store, desk, temporary, path, opId)
}

/**
 * Does this version have a place in the chain? A writer may have stalled for so long that its number was given, and removed
 * again: removal goes in ascending order and leaves the last versions, so the base is gone then; and this version is no
 * head unless the series was dropped meanwhile. One that has no base may have met another that has none: a first commit,
 * a log that is made anew. Both look after they have their names, so at least one of them sees the other and gives way.
 */
async function wasOvertaken(store: LocalStore, desk: Desk, content: SnapshotContent, opId: string): Promise<boolean> {
  const { parent, version, repairs } = content
  if (parent !== null) {
    const isThere = store.fs.factsSync(`${desk.paths.log}/${versionName(version - 1)}`) !== null
    // Under the number of the base there may be another by now: a base that gave way itself.
    if (isThere && (repairs.length > 0 || readVersion(store, desk, version - 1)?.hash === parent)) return false
  } else {
    const { live } = await listLog(store, desk)
    if (live.every((other) => other === version || repairs.includes(other))) return false
  }
  desk.hint = 0
  const head = await readHead(store, desk)
  return head === null || head.version <= version || !head.opIds.includes(opId)
}
