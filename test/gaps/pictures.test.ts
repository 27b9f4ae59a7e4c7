import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pictures } from '../../scripts/draw-gaps.ts'

it('the pictures of the docs are those that the script draws today', () => {
  for (const [name, picture] of Object.entries(pictures())) {
    expect(readFileSync(new URL(`../../docs/pictures/${name}`, import.meta.url), 'utf8')).toBe(picture)
  }
})
