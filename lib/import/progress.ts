import { SingleBar } from 'cli-progress'
import type { Report } from './report.ts'

/** Shows the progress of an import on the error stream. */
export interface Progress {
  update(report: Report): void
  /** Prints a line without disturbing the progress. */
  printLine(line: string): void
  stop(): void
}

/**
 * Shows a bar if the stream is a terminal and the size is known; else prints a line every five seconds. Both count the
 * rows that are finished, not those that were read.
 *
 * @param size bytes of the input; undefined for a pipe
 */
export function showProgress(
  stream: NodeJS.WritableStream & { isTTY?: boolean },
  size: number | undefined,
): Progress {
  let last: Report | undefined
  const rate = rateMeter()
  const update = (report: Report) => {
    last = report
  }
  if (stream.isTTY && size) {
    const bar = new SingleBar({
      format: '{bar} {percentage}% | {rows} rows, {rejected} rejected | {rate} rows/s',
      stream,
      hideCursor: true,
      clearOnComplete: true,
    })
    bar.start(size, 0, { rows: 0, rejected: 0, rate: 0 })
    const draw = () => {
      if (!last) return
      bar.update(last.bytes, {
        rows: last.finished,
        rejected: last.refused + last.unwritten,
        rate: rate(last.finished),
      })
    }
    const timer = setInterval(draw, 250)
    return {
      update,
      // Overwrites the bar, which is then drawn again below the line.
      printLine: (line) => stream.write(`\r\x1b[K${line}\n`),
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
    const rejected = last.refused + last.unwritten
    stream.write(`${percent}${last.finished} rows, ${rejected} rejected, ${rate(last.finished)} rows/s\n`)
  }, 5000)
  return {
    update,
    printLine: (line) => stream.write(`${line}\n`),
    stop: () => clearInterval(timer),
  }
}

/** Returns a function that computes the rows per second since its last call. */
function rateMeter(): (rows: number) => number {
  let [lastAt, lastRows] = [performance.now(), 0]
  return (rows) => {
    const now = performance.now()
    const rate = Math.round((1000 * (rows - lastRows)) / Math.max(1, now - lastAt))
    ;[lastAt, lastRows] = [now, rows]
    return rate
  }
}
