/**
 * Who gets what: not the API's business, so it is not in `src`. An administrator says it at the
 * authorization server; the one for development takes functions, by the name of the resource.
 */
export const policies = {
  '[GET] /api/albums': () => 'grant',
  '[POST] /api/albums': () => 'grant',
  '[GET] /api/albums/:id': () => 'grant',
  '[DELETE] /api/albums/:id': () => 'deny',
  '[POST] /api/albums/:id/loan': () => 'submit',
  '[GET] /api/albums/mine': ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
};
