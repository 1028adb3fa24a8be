let lines = ''

/**
 * Writes a line to standard output. Lines of requests that end at the same time go out in one system call, which
 * costs more than the rest of a line. Each line is written before the code that awaits its request continues.
 *
 * It does not use console.log: Lambda puts text before its lines, but a line with metrics must be pure JSON.
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
