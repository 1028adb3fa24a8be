/**
 * What crawlers may read: the pages, their files and pictures. The API repeats the pages as JSON, and each of its reads
 * costs as much as a page.
 */
export const robots = `User-agent: *
Disallow: /products
Disallow: /categories
Disallow: /health
`
