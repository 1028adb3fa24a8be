/**
 * The JSON that each productShape stands for, of the two products in test/catalog/productShape.test.ts: one with every
 * field, and one with none that can be left out. Never change what is recorded for a shape that was released.
 *
 * The fields of the page are sorted: DynamoDB does not keep the order of the fields in a map.
 */
export const productShapes: Record<string, ShapeDocuments> = {
  '1': {
    product:
      '{"id":"pot","title":"Moka pot","description":"Makes coffee.","brand":"Kestrel","category":"kitchen/coffee","price":{"amount":2900,"currency":"EUR"},"compareAtPrice":{"amount":3900,"currency":"EUR"},"variants":[{"sku":"S","options":{"cups":"3"},"price":{"amount":2900,"currency":"EUR"},"stock":3}],"stock":3,"images":[{"url":"https://images.example/pot.jpg","alt":"A pot"}],"tags":["coffee"],"attributes":{"colour":"red","induction":true,"weight":0.61},"rating":{"average":4.67,"count":3},"version":7,"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z"}',
    smallestProduct:
      '{"id":"bean","title":"Bean","description":"","category":"garden","price":{"amount":1,"currency":"EUR"},"variants":[],"stock":0,"images":[],"tags":[],"attributes":{},"rating":{"average":0,"count":0},"version":7,"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z"}',
    smallestPage:
      '{"categoryPath":[{"name":"Garden","path":"garden"}],"offers":{"highPrice":{"amount":1,"currency":"EUR"},"items":[{"availability":"out-of-stock","options":{},"price":{"amount":1,"currency":"EUR"},"stock":0}],"lowPrice":{"amount":1,"currency":"EUR"}},"product":{"attributes":{},"category":"garden","createdAt":"2026-01-02T03:04:05.678Z","description":"","id":"bean","images":[],"price":{"amount":1,"currency":"EUR"},"rating":{"average":0,"count":0},"stock":0,"tags":[],"title":"Bean","updatedAt":"2026-01-02T03:04:05.678Z","variants":[],"version":7},"rating":{"average":0,"count":0},"related":[],"reviews":[],"stock":0}',
    page: '{"categoryPath":[{"name":"Kitchen","path":"kitchen"},{"name":"Coffee","path":"kitchen/coffee"}],"offers":{"highPrice":{"amount":2900,"currency":"EUR"},"items":[{"availability":"low-stock","compareAtPrice":{"amount":3900,"currency":"EUR"},"options":{"cups":"3"},"price":{"amount":2900,"currency":"EUR"},"sku":"S","stock":3}],"lowPrice":{"amount":2900,"currency":"EUR"}},"product":{"attributes":{"colour":"red","induction":true,"weight":0.61},"brand":"Kestrel","category":"kitchen/coffee","compareAtPrice":{"amount":3900,"currency":"EUR"},"createdAt":"2026-01-02T03:04:05.678Z","description":"Makes coffee.","id":"pot","images":[{"alt":"A pot","url":"https://images.example/pot.jpg"}],"price":{"amount":2900,"currency":"EUR"},"rating":{"average":4.67,"count":3},"stock":3,"tags":["coffee"],"title":"Moka pot","updatedAt":"2026-01-02T03:04:05.678Z","variants":[{"options":{"cups":"3"},"price":{"amount":2900,"currency":"EUR"},"sku":"S","stock":3}],"version":7},"rating":{"average":4.67,"count":3},"related":[{"availability":"low-stock","brand":"Kestrel","compareAtPrice":{"amount":3900,"currency":"EUR"},"id":"cup","image":{"alt":"A pot","url":"https://images.example/pot.jpg"},"price":{"amount":2900,"currency":"EUR"},"rating":{"average":4.67,"count":3},"title":"Moka pot"}],"reviews":[{"author":"Ann","body":"Good.","createdAt":"2026-01-02T03:04:05.678Z","id":"r","productId":"pot","rating":5,"replies":[{"author":"Bo","body":"Why?","createdAt":"2026-01-02T03:04:05.678Z","id":"s","parentId":"r","productId":"pot","replies":[]}],"title":"Good"}],"stock":3}',
  },
}

interface ShapeDocuments {
  product: string
  page: string
  smallestProduct: string
  smallestPage: string
}

/**
 * The schemas of the entries that earlier releases wrote, the default of lib/cacheAside among them. The entries of this
 * release need another one if their form differs.
 */
export const releasedSchemas = ['1']
