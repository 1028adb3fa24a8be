/** The rules of the protocol. A test removes each rule and shows what breaks without it. */
export const allGuards = {
  /** A fill is accepted only while its own lease is in place. */
  fillNeedsToken: true,
  /** A fill is not accepted merely because its version is higher than that of the stored entry. */
  higherVersionIsNotEnough: true,
  /** A random token distinguishes each lease from every other one. */
  tokensDiffer: true,
  /** A fill needs at least the version that a removal has left at its lease. */
  fillNeedsMinVersion: true,
  /** A fill that is sent twice learns that it was stored. */
  repeatedFillIsStored: true,
  /** A lease is taken only if the key holds nothing usable. */
  leaseOnlyIfFree: true,
  /** A caller whose request for the lease was sent twice holds the lease. */
  repeatedRequestKeepsLease: true,
  /** Redis adds a part to each token, so a request that arrives a second time, late, makes another lease. */
  redisAddsToToken: true,
  /** A refresh lease is put only into the entry that the caller has seen to be stale. */
  refreshOnlyEntrySeen: true,
  /** The lease replaces a stale entry that may no longer be served, because Redis may drop that entry first. */
  leaseReplacesUnservable: true,
  /** The clock of Redis, not that of a reader, decides which entry that is. */
  lifeIsByRedisClock: true,
  /** Only its own holder returns a lease or marks it as failed. */
  releaseNeedsToken: true,
  /** A removal takes away the lease as well as the entry. */
  removalDropsLease: true,
  /** A stream event spares an entry that is at least as new. */
  eventSparesNewer: true,
  /** A stream event leaves a bare lease in place, and leaves its version there. */
  eventKeepsLease: true,
  /** A stream event does the same with the lease in an older entry. */
  eventKeepsRefreshLease: true,
  /** The lowest version at a lease is never lowered. */
  minVersionOnlyRises: true,
  /** An event whose version did not rise always removes. */
  eventWithoutNewVersionRemoves: true,
  /** A get follows a load only if the get began before it, or if the get's own read found the load's lease in place. */
  joinNeedsOwnRead: true,
  /** A get that found the lease by its own read joins only if the load's version is high enough for it. */
  joinNeedsMinVersion: true,
  /** A get that bypasses the cache follows a load of its process that began after the get did. */
  bypassJoinsLaterLoad: true,
  /** A load goes on after the caller that began it has gone, as long as other callers follow it. */
  loadOutlivesLeader: true,
  /** A load that no caller follows is abandoned, and from then on no caller may follow it. */
  abandonedLoadIsNotJoined: true,
  /** An abandoned load returns its lease. */
  abandonedLoadReturnsLease: true,
  /** A caller that stopped waiting for the answer to a lease or a fill returns the lease. */
  unansweredLeaseIsReturned: true,
  /** The command that returns a lease never overtakes the command that takes it. */
  releaseStaysInOrder: true,
  /** A failed load leaves a mark. */
  failedLoadLeavesMark: true,
  /** An abandoned load leaves no mark. */
  abandonedLoadLeavesNoMark: true,
  /** A caller that finds the mark stops waiting. */
  markEndsWaiting: true,
  /** If a load fails, a get serves only an entry that it has itself found in place. */
  staleOnlyIfSeen: true,
  /** The removal comes after the commit. */
  removalFollowsCommit: true,
  /** The removal also comes after a commit that threw. */
  removalFollowsThrow: true,
  /** A process delivers its deferred removal before it reads. */
  deferredRemovalComesFirst: true,
  /** A process that has served a value and not stored it removes whatever is older before it reads. */
  removalOfOlderComesFirst: true,
  /** The version of that removal is never lowered. */
  servedVersionOnlyRises: true,
  /** A process that cannot deliver its outbox bypasses the cache. */
  bypassUntilDelivered: true,
  /** A removal that is deferred while an older one is being delivered stays in the outbox. */
  outboxKeepsNewerRemovals: true,
  /** A get that bypasses the cache stores nothing. */
  bypassStoresNothing: true,
  /** Loads are strongly consistent. */
  loadsAreConsistent: true,
  /** A lease runs out by itself. */
  leasesEnd: true,
  /** The fallback is served only while Redis is away. */
  fallbackOnlyWhileAway: true,
  /** A write of this process ends the fallback, even if its load still runs. */
  ownWriteEndsFallback: true,
  /** Redis keeps the removals that it has acknowledged. A removal that a failover lost promises nothing. */
  lostRemovalsPromiseNothing: true,
}
export type Guard = keyof typeof allGuards
