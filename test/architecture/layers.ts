/** The layers of the program, the lowest first. A directory imports from itself and from lower layers only. */
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

/** The only files of these directories that other directories may import. */
export const entryPoints: Record<string, string[]> = {
  'lib/cacheAside': ['index.ts'],
  'lib/clients/dynamodb': ['index.ts'],
  'lib/clients/redis': ['index.ts'],
  'lib/catalog': ['index.ts', 'writes.ts', 'upkeep.ts'],
  'lib/local/inspector': ['index.ts'],
}

/** The only packages that these directories may import, besides those of Node.js. */
export const packages: Record<string, string[]> = {
  'lib/cacheAside': ['ioredis', 'cluster-key-slot'],
}
