import { SingleBar } from 'cli-progress'
import type { Report } from './report.ts'

/** Shows on the error stream how an import goes on. */
export interface Progress {
  update(report: Report): void
  /** Prints a line beside it. */
  say(line: string): void
  stop(): void
}

/**
 * A bar where somebody watches and the size is known, else a plain line every five seconds.
 *
 * @param size bytes of the input; undefined for a pipe
 */
export function showProgress(stream: NodeJS.WriteStream, size: number | undefined): Progress {
  let last: Report | undefined
  const rate = rateMeter()
  if (stream.isTTY && size) {
    const bar = new SingleBar({
      format: '{bar} {percentage}% | {rows} rows, {faults} not taken | {rate} rows/s',
      stream,
      hideCursor: true,
      clearOnComplete: true,
    })
    bar.start(size, 0, { rows: 0, faults: 0, rate: 0 })
    const draw = () => {
      if (!last) return
      bar.update(last.bytes, {
        rows: last.rows,
        faults: last.refused + last.unwritten,
        rate: rate(last.rows),
      })
    }
    const timer = setInterval(draw, 250)
    return {
      update: (report) => {
        last = report
      },
      // Over the bar, which is drawn again below it.
      say: (line) => stream.write(`\r\x1b[K${line}\n`),
      stop: () => {
        clearInterval(timer)
        draw()
        bar.stop()
      },
    }
  }
  const timer = setInterval(() => {
    if (!last) return
    const percent = size ? `${Math.floor((100 * last.bytes) / size)}%, ` : ''
    const faults = last.refused + last.unwritten
    stream.write(`${percent}${last.rows} rows, ${faults} not taken, ${rate(last.rows)} rows/s\n`)
  }, 5000)
  return {
    update: (report) => {
      last = report
    },
    say: (line) => stream.write(`${line}\n`),
    stop: () => clearInterval(timer),
  }
}

/** Rows a second since the last asking. */
function rateMeter(): (rows: number) => number {
  let [then, before] = [performance.now(), 0]
  return (rows) => {
    const now = performance.now()
    const rate = Math.round((1000 * (rows - before)) / Math.max(1, now - then))
    ;[then, before] = [now, rows]
    return rate
  }
}
