/**
 * The SHA-256 that Binance files beside each archive, as `<64 digits>  <name>`.
 * Source: https://github.com/binance/binance-public-data, "CHECKSUM"
 * @module
 */
import { ProviderError } from '../contract/errors.ts'

/** SHA-256 of these bytes, in small hexadecimal digits. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Compares a digest with what is filed; where nothing is filed there is nothing to compare.
 * @throws {ProviderError} `provider/truncated`
 */
export function compareChecksum(filed: unknown, sha256: string): void {
  const expected = /^\s*([0-9a-f]{64})(\s|$)/i.exec(String(filed))?.[1]?.toLowerCase()
  if (expected === undefined || expected === sha256) return
  const message = `sent an archive with the SHA-256 ${sha256}, and ${expected} is filed beside it`
  throw new ProviderError('provider/truncated', message)
}
