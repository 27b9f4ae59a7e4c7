/**
 * Options objects: an unknown key is refused with the nearest known one.
 * @module
 */
import { ConfigError } from './errors.ts'

/**
 * Refuses anything but a plain options object with known keys.
 * @param what the call that takes the options, for the message
 * @throws {ConfigError} `config/option`
 */
export function checkOptions(options: unknown, known: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError('config/option', `${what}: takes one options object, not ${describe(options)}`, {
      field: what,
    })
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearestName(key, known)
    const remedy = near === undefined ? `it takes ${known.join(', ')}` : `did you mean ${near}?`
    throw new ConfigError('config/option', `${what}: has no option ${JSON.stringify(key)}: ${remedy}`, { field: key })
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return value === null ? 'null' : typeof value
}

/** The known name with the fewest edits, if it is near enough to be meant; case does not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) [best, fewest] = [candidate, edits]
  }
  return best
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
