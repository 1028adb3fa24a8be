import { mkdirSync, writeFileSync } from 'node:fs'

/** Writes bench/results/NAME.json. */
export function writeResults(name: string, results: object): void {
  const directory = new URL('../results/', import.meta.url)
  mkdirSync(directory, { recursive: true })
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(results, null, 2)}\n`)
}
