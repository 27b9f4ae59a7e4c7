/**
 * Walks a structure in Thrift's compact protocol before it is parsed, so that hostile lengths cannot make the parser
 * allocate or recurse without bound.
 *
 * Rules: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 * @module
 */
import { corrupt } from './faults.ts'

/** Deepest nesting that metadata of Parquet has, with room. */
const MAX_DEPTH = 16

const STOP = 0
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const STRUCT = 12

/**
 * Checks the structure that starts at `start`: lists and texts fit into the bytes that remain, integers end, nesting
 * is shallow.
 * @returns the position after it
 * @throws {StorageError} `storage/corrupt`
 */
export function checkThrift(bytes: Uint8Array, start: number): number {
  return struct(bytes, start, 0)
}

function struct(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) throw corrupt('metadata is nested too deeply')
  let at = start
  for (;;) {
    const head = bytes[at++]
    if (head === undefined) throw corrupt('metadata ends inside a structure')
    const type = head & 0x0f
    if (type === STOP) return at
    if (head >> 4 === 0) at = varint(bytes, at)
    if (type !== TRUE && type !== FALSE) at = value(bytes, at, type, depth)
  }
}

function value(bytes: Uint8Array, at: number, type: number, depth: number): number {
  if (type === I16 || type === I32 || type === I64) return varint(bytes, at)
  if (type === BINARY) {
    const size = length(bytes, at)
    return within(bytes, varint(bytes, at) + size)
  }
  if (type === STRUCT) return struct(bytes, at, depth + 1)
  if (type === LIST || type === SET) return list(bytes, at, depth + 1)
  if (type === BYTE || type === TRUE || type === FALSE) return within(bytes, at + 1)
  if (type === DOUBLE) return within(bytes, at + 8)
  throw corrupt(`metadata holds a value of unknown type ${type}`)
}

function list(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) throw corrupt('metadata is nested too deeply')
  const head = bytes[start] ?? 0
  let at = within(bytes, start + 1)
  let count = head >> 4
  if (count === 15) {
    count = length(bytes, at)
    at = varint(bytes, at)
  }
  if (count > bytes.length - at)
    throw corrupt(`metadata claims a list of ${count} values in ${bytes.length - at} bytes`)
  for (let i = 0; i < count; i++) at = value(bytes, at, head & 0x0f, depth)
  return at
}

/** Position after a variable-length integer. */
function varint(bytes: Uint8Array, start: number): number {
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw corrupt('metadata ends inside a number')
    if (byte < 0x80) return at + 1
  }
  throw corrupt('metadata holds a number of more than 64 bits')
}

/** A length, at most 2^31 - 1. */
function length(bytes: Uint8Array, start: number): number {
  let result = 0
  for (let at = start, unit = 1; at < start + 5; at++, unit *= 128) {
    const byte = bytes[at] ?? 0
    result += (byte & 0x7f) * unit
    if (byte < 0x80) {
      if (result > 0x7fff_ffff) break
      return result
    }
  }
  throw corrupt('metadata holds a length of more than 31 bits')
}

function within(bytes: Uint8Array, at: number): number {
  if (at > bytes.length) throw corrupt('metadata ends inside a value')
  return at
}
