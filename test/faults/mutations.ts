/**
 * The protocol with one step left out or made wrong, put between the store and the disk. A suite that does not notice is
 * no suite.
 * @module
 */
import type { FileFacts, FileHandle, FsPort } from '../../src/storage/local/index.ts'
import { checkTrace, traceScenario } from './crash.ts'
import { interleave } from './interleave.ts'
import { ALL, type Scenario } from './scenarios.ts'
import { sweepScenario } from './sweep.ts'
import { stallWriter } from './stall.ts'

/** One thing that is done wrong, and the check that must see it. */
export interface Mutation {
  readonly name: string
  readonly wrap: (fs: FsPort) => FsPort
  /** Broken promises that are found with it, or with the protocol as it is (`null`). */
  readonly find: (wrap: ((fs: FsPort) => FsPort) | null) => Promise<number>
}

/** Leaves out the sync of the content of some files. */
function withoutFsync(isMeant: (path: string) => boolean): Mutation['wrap'] {
  return (fs) => {
    const paths = new Map<FileHandle, string>()
    return {
      ...fs,
      async open(path, mode) {
        const file = await fs.open(path, mode)
        paths.set(file, path)
        return file
      },
      async fsync(file) {
        if (!isMeant(paths.get(file) ?? '')) await fs.fsync(file)
      },
    }
  }
}

/** Leaves out the sync of the names in some folders. */
const withoutFolderSync =
  (isMeant: (path: string) => boolean): Mutation['wrap'] =>
  (fs) => ({
    ...fs,
    fsyncFolder: async (path) => (isMeant(path) ? undefined : await fs.fsyncFolder(path)),
  })

/** Leaves out the sync of a folder that follows a change of a name there. */
const withoutSyncAfter =
  (change: 'rename' | 'unlink', isMeant: (name: string) => boolean): Mutation['wrap'] =>
  (fs) => {
    let last = ''
    const noted =
      <Args extends readonly string[]>(name: string, call: (...args: Args) => Promise<void>) =>
      async (...args: Args) => {
        await call(...args)
        last = `${name} ${args.at(-1)}`
      }
    return {
      ...fs,
      rename: noted('rename', fs.rename),
      unlink: noted('unlink', fs.unlink),
      link: noted('link', fs.link),
      async fsyncFolder(path) {
        const [name, changed = ''] = last.split(' ')
        if (name !== change || !isMeant(changed)) await fs.fsyncFolder(path)
      },
    }
  }

const inLog = (path: string): boolean => path.includes('/_log/')
const seriesFolder = (path: string): boolean => /\/symbol=[^/]*$/.test(path)

/** Names versions over whatever has the name. */
const overwriting: Mutation['wrap'] = (fs) => ({
  ...fs,
  async link(path, name) {
    if (inLog(name)) await fs.unlink(name).catch(() => {})
    await fs.link(path, name)
  },
})

/** Names versions by renaming, which replaces what has the name. */
const renaming: Mutation['wrap'] = (fs) => ({
  ...fs,
  link: async (path, name) => (inLog(name) ? await fs.rename(path, name) : await fs.link(path, name)),
})

/** Shows a process no claims but its own. */
const ownClaims: Mutation['wrap'] = (fs) => {
  const isClaim = (path: string): boolean => path.endsWith('.claim')
  const claims = new Map<string, number[]>()
  const opened = new Map<FileHandle, string>()
  let nextHandle = -1
  const openClaim = (path: string): FileHandle => {
    opened.set(nextHandle, path)
    return nextHandle--
  }
  return {
    ...fs,
    async open(path, mode) {
      if (!isClaim(path)) return await fs.open(path, mode)
      claims.set(path, [])
      return openClaim(path)
    },
    async write(file, chunks) {
      const bytes = claims.get(opened.get(file) ?? '')
      if (bytes === undefined) return await fs.write(file, chunks)
      for (const chunk of chunks) bytes.push(...chunk)
      return chunks.reduce((sum, { length }) => sum + length, 0)
    },
    close: async (file) => (opened.delete(file) ? undefined : await fs.close(file)),
    unlink: async (path) => (claims.delete(path) ? undefined : await fs.unlink(path)),
    factsSync(path) {
      const bytes = claims.get(path)
      return bytes === undefined ? fs.factsSync(path) : { sizeBytes: bytes.length, modifiedMs: 0, inode: 0, links: 1 }
    },
    openSync: (path) => (isClaim(path) ? openClaim(path) : fs.openSync(path)),
    readSync(file, target, position) {
      const path = opened.get(file)
      if (path === undefined) return fs.readSync(file, target, position)
      const bytes = (claims.get(path) ?? []).slice(position, position + target.length)
      target.set(bytes)
      return bytes.length
    },
    closeSync(file) {
      if (!opened.delete(file)) fs.closeSync(file)
    },
  }
}

/** Shows every version that was ever looked at, also after it was removed. */
const rememberingVersions: Mutation['wrap'] = (fs) => {
  const seen = new Map<string, { facts: FileFacts; bytes: Uint8Array }>()
  const opened = new Map<FileHandle, Uint8Array>()
  let nextHandle = -1
  const remember = (path: string, facts: FileFacts): void => {
    const file = fs.openSync(path)
    const bytes = new Uint8Array(facts.sizeBytes)
    fs.readSync(file, bytes, 0)
    fs.closeSync(file)
    seen.set(path, { facts, bytes })
  }
  return {
    ...fs,
    factsSync(path) {
      const facts = fs.factsSync(path)
      if (facts !== null && /\/_log\/\d+\.json$/.test(path)) remember(path, facts)
      return facts ?? seen.get(path)?.facts ?? null
    },
    openSync(path) {
      const gone = fs.factsSync(path) === null ? seen.get(path) : undefined
      if (gone === undefined) return fs.openSync(path)
      opened.set(nextHandle, gone.bytes)
      return nextHandle--
    },
    readSync(file, target, position) {
      const bytes = opened.get(file)?.subarray(position, position + target.length)
      if (bytes === undefined) return fs.readSync(file, target, position)
      target.set(bytes)
      return bytes.length
    },
    closeSync(file) {
      if (!opened.delete(file)) fs.closeSync(file)
    },
  }
}

/** Says of every temporary file that it has one name. */
const forgettingLinks: Mutation['wrap'] = (fs) => ({
  ...fs,
  factsSync(path) {
    const facts = fs.factsSync(path)
    return facts === null || !path.endsWith('.tmp') ? facts : { ...facts, links: 1 }
  },
})

const story = (name: string): Scenario => ALL.find((scenario) => scenario.name === name) as Scenario

const crashing =
  (name: string, rounds = 6): Mutation['find'] =>
  async (wrap) => {
    const trace = await traceScenario(story(name), wrap ?? undefined)
    return (await checkTrace(trace, { seed: 1, rounds, maxViolations: 1, backwards: true })).violations.length
  }

const interleaving =
  (runs: number, hasLinks = true): Mutation['find'] =>
  async (wrap) => {
    let found = 0
    for (let seed = 1; seed <= runs && found === 0; seed++) {
      const options = { seed, hasLinks, kills: 0, maintains: false, ...(wrap === null ? {} : { wrap }) }
      found += (await interleave(options)).length
    }
    return found
  }

/** Every mutation. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'content of data files is not synced',
    wrap: withoutFsync((path) => path.includes('/_data/')),
    find: crashing('append'),
  },
  {
    name: 'names of data files are not synced',
    wrap: withoutFolderSync((path) => path.endsWith('/_data')),
    find: crashing('append'),
  },
  { name: 'content of versions is not synced', wrap: withoutFsync(inLog), find: crashing('append') },
  {
    name: 'names of versions are not synced',
    wrap: withoutFolderSync((path) => path.endsWith('/_log')),
    find: crashing('append'),
  },
  {
    name: 'names of folders above a series are not synced',
    wrap: withoutFolderSync((path) => !/\/_/.test(path)),
    find: crashing('create'),
  },
  {
    name: 'content of pins is not synced',
    wrap: withoutFsync((path) => path.includes('/_pins/')),
    find: crashing('pin'),
  },
  {
    name: 'names of pins are not synced',
    wrap: withoutFolderSync((path) => path.endsWith('/_pins')),
    find: crashing('pin'),
  },
  {
    name: 'the view adds names before the removal of others is synced',
    wrap: withoutFolderSync(seriesFolder),
    find: crashing('fold', 12),
  },
  {
    name: 'files go before the names of their versions are gone for good',
    wrap: withoutSyncAfter('rename', (name) => name.endsWith('.gone')),
    find: crashing('history', 12),
  },
  {
    name: 'a drop is not synced',
    wrap: withoutSyncAfter('rename', (name) => name.includes('/_trash/')),
    find: crashing('drop'),
  },
  { name: 'a version overwrites one of its number', wrap: overwriting, find: interleaving(20) },
  { name: 'a version gets its name by rename', wrap: renaming, find: interleaving(20) },
  { name: 'without links, claims of others are not seen', wrap: ownClaims, find: interleaving(40, false) },
  {
    name: 'a stalled writer does not look for its base',
    wrap: rememberingVersions,
    find: async (wrap) => (await stallWriter(wrap ?? undefined)).length,
  },
  {
    name: 'an answer to a link that was lost is taken for a failure',
    wrap: forgettingLinks,
    find: async (wrap) =>
      (
        await sweepScenario(story('append'), {
          seed: 0,
          stride: 1,
          only: { errno: 'EIO', mode: 'lost' },
          ...(wrap === null ? {} : { wrap }),
        })
      ).violations.length,
  },
]
