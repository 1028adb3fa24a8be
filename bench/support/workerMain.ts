import { tasks } from './tasks.ts'

// The process that worker.ts starts.
process.on('message', async ({ task, args }: { task: keyof typeof tasks; args: never }) => {
  try {
    process.send?.({ result: await tasks[task](args) })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? `${task}: ${error.message}` : String(error) })
  }
})
process.on('disconnect', () => process.exit())
