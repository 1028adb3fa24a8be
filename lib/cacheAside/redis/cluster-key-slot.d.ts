/** The package, which ioredis uses too, has no types. Returns the cluster slot of a key. */
declare module 'cluster-key-slot' {
  export default function calculateSlot(key: string): number
}
