import { openPageJson } from '../http/pageContenders.ts'

export const open = openPageJson('typical')
