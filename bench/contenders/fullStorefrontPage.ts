import { openStorefrontPage } from '../http/pageContenders.ts'

export const open = openStorefrontPage('full')
