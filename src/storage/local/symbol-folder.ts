/**
 * Symbols as names of folders: reversible, readable, and distinct where a file system ignores case.
 * @module
 */
import { ConfigError } from '../../contract/errors.ts'

/** Longest name of a folder that every common file system takes, less `symbol=`. */
const MAX_LENGTH = 240

/** Names that Windows keeps for devices, also with an extension. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9]|LPT[0-9])(?:\.|$)/i
const PLAIN = /^[A-Za-z0-9_-]$/
const LETTER = /^[A-Za-z]$/
const LOWER = /^[a-z]$/

const percent = (char: string): string =>
  Array.from(new TextEncoder().encode(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/**
 * Writes a symbol as the name of a folder.
 *
 * Letters, digits, `_`, `-` and inner dots stay, anything else is `%HH` of its UTF-8. Where a letter is lower-case, `~`
 * and the letters' cases follow, since `ES.c.0` and `ES.C.0` are one name to some file systems: nothing where all are
 * lower-case, else hexadecimal digits of a number whose bit i is set where the i-th letter is lower-case.
 * `AAPL` -> `AAPL`, `aapl` -> `aapl~`, `ES.c.0` -> `ES.c.0~4`, `^GSPC` -> `%5EGSPC`, `..` -> `%2E%2E`.
 * @throws {ConfigError} `config/symbol` for a symbol whose name would be longer than 240 characters
 */
export function folderOfSymbol(symbol: string): string {
  const chars = [...symbol]
  const isReserved = DEVICE.test(symbol)
  let [body, letters, lower] = ['', 0n, 0n]
  for (const [i, char] of chars.entries()) {
    const isInnerDot = char === '.' && i > 0 && i < chars.length - 1
    const stays = (PLAIN.test(char) || isInnerDot) && !(isReserved && i === 0)
    body += stays ? char : percent(char)
    if (stays && LETTER.test(char)) {
      if (LOWER.test(char)) lower |= 1n << letters
      letters++
    }
  }
  const cases = lower === 0n ? '' : lower === (1n << letters) - 1n ? '~' : `~${lower.toString(16)}`
  const name = body + cases
  if (name.length === 0 || name.length > MAX_LENGTH || !symbol.isWellFormed()) {
    const message = `symbol: ${JSON.stringify(symbol)} makes a folder name of ${name.length} characters, more than ${MAX_LENGTH}: shorten it`
    throw new ConfigError('config/symbol', message, { field: 'symbol', value: symbol })
  }
  return name
}

/** The symbol that a folder is named after, or null for a name that {@link folderOfSymbol} never writes. */
export function symbolOfFolder(name: string): string | null {
  const match = /^((?:[A-Za-z0-9._-]|%[0-9A-F]{2})+)(?:~[0-9a-f]*)?$/.exec(name)
  if (match === null) return null
  try {
    const symbol = decodeURIComponent(match[1] as string)
    return folderOfSymbol(symbol) === name ? symbol : null
  } catch {
    return null
  }
}
