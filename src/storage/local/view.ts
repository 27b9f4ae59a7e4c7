/**
 * The view for other tools: each live file of rows under exactly one readable name, by a hard link.
 * A plain glob may miss the newest rows for a moment, and never shows a row twice.
 * @module
 */
import { isCode, listFolder, removeFile } from './fs-port.ts'
import { type DataFile, parseViewName, viewName } from './layout.ts'
import { dataPath } from './data-file.ts'
import { readHead } from './log.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId, warnOnce } from './store.ts'

/** Codes with which a file system says that it has no hard links, or no more for this file. */
export const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']

/**
 * Brings the view to a version. If it was seen to show `base`, only what differs is touched, else every name is checked.
 * Another writer may be faster: the view then goes on to its version.
 */
export async function syncView(
  store: LocalStore,
  desk: Desk,
  snapshot: LocalSnapshot,
  base: LocalSnapshot | null,
): Promise<void> {
  let known = base !== null && desk.viewed === base.version ? base : null
  let target: LocalSnapshot | null = snapshot
  for (let round = 0; target !== null && round < 8; round++) {
    desk.viewed = 0
    const shown = known === null ? await shownNow(store, desk) : showing(known)
    const outcome = await bring(store, desk, shown, target)
    if (outcome === 'unsupported') return
    known = outcome === 'done' ? target : null
    const head: LocalSnapshot | null = await readHead(store, desk)
    if (outcome === 'done') desk.viewed = target.version
    target = head !== null && head.version > target.version ? head : null
  }
}

/** Data file by the name that it has in the view; null = not known which. */
type Shown = ReadonlyMap<string, DataFile | null>

/** The names that a version's files have in the view, part by part in ascending order. */
function showing(snapshot: LocalSnapshot): Map<string, DataFile> {
  const shown = new Map<string, DataFile>()
  for (const [part, files] of Map.groupBy(snapshot.files.rows, (file) => file.part)) {
    for (const [i, file] of files.entries()) shown.set(viewName(part, i), file)
  }
  return shown
}

async function shownNow(store: LocalStore, desk: Desk): Promise<Shown> {
  const names = await listFolder(store.fs, desk.paths.folder)
  return new Map(names.filter((name) => parseViewName(name) !== null).map((name) => [name, null]))
}

function shows(store: LocalStore, desk: Desk, shown: Shown, name: string, file: DataFile): boolean {
  const now = shown.get(name)
  if (now === undefined) return false
  if (now !== null) return now.id === file.id
  const [there, wanted] = [store.fs.factsSync(`${desk.paths.folder}/${name}`), store.fs.factsSync(dataPath(desk, file))]
  return there !== null && there.inode === wanted?.inode
}

/** Names to remove, the highest of a part first, then names to link, the lowest first. */
export interface ViewSteps {
  readonly remove: readonly string[]
  readonly link: readonly (readonly [name: string, file: DataFile])[]
}

/** Lists what differs between what is shown and a version. */
export function planView(store: LocalStore, desk: Desk, shown: Shown, target: LocalSnapshot): ViewSteps {
  const wanted = showing(target)
  const remove = new Set([...shown.keys()].filter((name) => !wanted.has(name)))
  const link: [string, DataFile][] = []
  const changed = new Set<string>()
  for (const [name, file] of wanted) {
    const { part } = file
    // Once one name of a part shows another file, the rows of those behind it may be in that file.
    if (changed.has(part)) {
      if (shown.has(name)) remove.add(name)
      link.push([name, file])
    } else if (!shows(store, desk, shown, name, file)) {
      changed.add(part)
      link.push([name, file])
    }
  }
  const index = (name: string): number => parseViewName(name)?.index ?? 0
  return { remove: [...remove].toSorted((a, b) => index(b) - index(a)), link }
}

/** What the view of this moment needs to show a version. */
export async function checkView(store: LocalStore, desk: Desk, target: LocalSnapshot): Promise<ViewSteps> {
  return planView(store, desk, await shownNow(store, desk), target)
}

async function bring(
  store: LocalStore,
  desk: Desk,
  shown: Shown,
  target: LocalSnapshot,
): Promise<'done' | 'behind' | 'unsupported'> {
  const { fs } = store
  const { folder } = desk.paths
  const { remove, link } = planView(store, desk, shown, target)
  for (const name of remove) await removeFile(fs, `${folder}/${name}`)
  // What takes the place of another file comes before what is added, and nothing before what it overlaps is gone: a power
  // failure between two names keeps either, in any order, unless the folder was synced.
  const removed = new Set(remove)
  const isAdded = ([name]: ViewSteps['link'][number]): boolean => removed.has(name) || !shown.has(name)
  const [replacing, added] = [link.filter((one) => !isAdded(one)), link.filter(isAdded)]
  if (remove.length > 0 && link.length > 0) await fs.fsyncFolder(folder)
  for (const [i, [name, file]] of [...replacing, ...added].entries()) {
    if (i > 0 && i === replacing.length) await fs.fsyncFolder(folder)
    try {
      await show(store, desk, file, `${folder}/${name}`, shown.has(name))
    } catch (error) {
      // A newer version dropped the file: the next round shows that one.
      if (isCode(error, 'ENOENT')) return 'behind'
      if (!isCode(error, ...NO_LINKS)) throw error
      warnOnce(store, 'no-view', {
        code: 'no-view',
        message: `${store.options.root} has no hard links: there is no view for other tools, ask files() for the live files`,
      })
      return 'unsupported'
    }
  }
  return 'done'
}

/** Gives a file a name in the view, in place of what has it. */
async function show(store: LocalStore, desk: Desk, file: DataFile, path: string, isTaken: boolean): Promise<void> {
  const { fs } = store
  if (!isTaken) {
    try {
      return await fs.link(dataPath(desk, file), path)
    } catch (error) {
      // Another writer was faster.
      if (!isCode(error, 'EEXIST')) throw error
    }
  }
  const temporary = `${desk.paths.folder}/.${file.part}.${freshId(store)}.tmp`
  await fs.link(dataPath(desk, file), temporary)
  try {
    await fs.rename(temporary, path)
  } finally {
    // Renaming over another name of the same file leaves both.
    if (fs.factsSync(temporary) !== null) await removeFile(fs, temporary)
  }
}
