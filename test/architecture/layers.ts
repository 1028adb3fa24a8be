/** The layers of the house, the lowest first. What stands in one imports from its own folder and from lower layers only. */
export const layers: string[][] = [
  ['lib/cacheAside', 'lib/project'],
  ['lib/telemetry'],
  ['lib/clients'],
  ['lib/catalog'],
  ['lib/http', 'lib/stream', 'lib/operations', 'lib/import'],
  ['lib/storefront'],
  ['functions', 'lib/local', 'lib/deploy'],
  ['cli'],
]

/** Folders that are entered by these files alone. */
export const doors: Record<string, string[]> = {
  'lib/cacheAside': ['index.ts'],
  'lib/clients/dynamodb': ['index.ts'],
  'lib/clients/redis': ['index.ts'],
  'lib/catalog': ['index.ts', 'writes.ts', 'upkeep.ts'],
  'lib/local/inspector': ['index.ts'],
}

/** What each folder may import of other packages, where that is bounded. */
export const packages: Record<string, string[]> = {
  'lib/cacheAside': ['ioredis', 'cluster-key-slot'],
}
