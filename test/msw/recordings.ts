/** Recordings of vendors, found through the environment; tests that need them skip without it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Recording {
  readonly provider: string
  readonly api: string
  readonly case: 'normal' | 'error' | 'empty' | 'odd'
  readonly kind: string
  readonly file: string
  readonly url: string | null
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly description: string
}

interface Entry extends Omit<Recording, 'url' | 'status' | 'headers'> {
  readonly request: { readonly url?: string | null } | null
  readonly response: { readonly status?: number; readonly headers?: Record<string, string> } | null
}

const ROOT = process.env.MARKETLAKE_FIXTURES
const FOLDER = ROOT === undefined ? undefined : join(ROOT, 'providers')

/** Are the recordings there? */
export const HAVE_RECORDINGS: boolean = FOLDER !== undefined && existsSync(join(FOLDER, 'INDEX.json'))

/** Every recording that the filter keeps. */
export function recordings(filter: (recording: Recording) => boolean = () => true): Recording[] {
  if (!HAVE_RECORDINGS) return []
  const index = JSON.parse(readFileSync(join(FOLDER as string, 'INDEX.json'), 'utf8')) as { files: Entry[] }
  return index.files
    .map(({ request, response, ...rest }) => ({
      ...rest,
      url: request?.url ?? null,
      status: response?.status ?? 200,
      headers: response?.headers ?? {},
    }))
    .filter(filter)
}

/** One recording by its file. */
export function recording(file: string): Recording {
  const [found] = recordings((entry) => entry.file === file)
  if (found === undefined) throw new Error(`no recording ${file}`)
  return found
}

/** The body as it came over the wire. */
export function bodyOf({ file }: Pick<Recording, 'file'>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(FOLDER as string, file)))
}

/** The body as JSON. */
export function jsonOf(entry: Pick<Recording, 'file'>): unknown {
  return JSON.parse(new TextDecoder().decode(bodyOf(entry)))
}

/** Headers that a transport adds or takes away are not the vendor's. */
const OF_THE_TRANSPORT = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection'])

/** The answer of a recording. */
export function responseOf(entry: Recording): Response {
  const headers = Object.entries(entry.headers).filter(([name]) => !OF_THE_TRANSPORT.has(name.toLowerCase()))
  return new Response(bodyOf(entry), { status: entry.status, headers })
}
