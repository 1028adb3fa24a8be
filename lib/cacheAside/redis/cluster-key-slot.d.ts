/** The slot of a cluster that a key lies in; the package, which ioredis uses as well, brings no types. */
declare module 'cluster-key-slot' {
  export default function calculateSlot(key: string): number
}
