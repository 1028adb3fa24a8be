let lines = ''

/**
 * Writes a line to standard output. Lines of requests that end at the same time leave in one system call, which costs
 * more than all the rest of a line; each leaves before whoever waits for its request goes on.
 *
 * Not by console.log, which Lambda writes something before: a line of metrics has to be JSON alone.
 */
export function log(line: string): void {
  if (lines === '') queueMicrotask(write)
  lines += line
}

function write(): void {
  const all = lines
  lines = ''
  process.stdout.write(all)
}
