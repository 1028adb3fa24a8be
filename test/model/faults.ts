/** What may go wrong at any moment, besides a lease that runs out. */
export interface Faults {
  /** The key is gone: eviction, FLUSHALL. */
  eviction?: true
  /** Entries go stale, age further and disappear. The value names the ages that they go through. */
  ageing?: 'served while stale' | 'served fresh only'
  /** A command of a reader cannot be sent. */
  redisAway?: true
  /** A caller stops waiting for the answer to a lease, fill or mark, which is executed before or after that. */
  answersLost?: true
  /** Commands that were sent and not executed may be lost with their connection. */
  abandonedIsLost?: true
  /** A client sends a lease and a fill again; the first one was executed or is yet to be. */
  sentTwice?: true
  /** A circuit breaker opens after a command that failed, and a probe closes it. */
  breaker?: true
  /** The clock of the readers of the process with the highest number is ahead: every entry looks old to them. */
  clockAhead?: true
  /** A reader stops waiting and loads for itself. */
  waitsEnd?: true
  /** A reader's own time runs out. */
  timeEnds?: true
  loadFails?: true
  /** A commit seems to have failed, but has happened. */
  commitThrows?: true
  /** A writer abandons its commit, which then happens after the removal. */
  commitIsLate?: true
  removalFails?: true
  /** A writer is killed between its commit and its removal. */
  writerKilled?: true
  /** The process with the highest number is killed once. */
  processKilled?: true
  /** A direct edit of the table lowers the version. */
  versionsFall?: true
  /** The stream delivers a commit more than once, and an older one after a newer one. */
  eventsRepeat?: true
  /** Once, a replica takes over that has not received the last commands. */
  failover?: true
}
