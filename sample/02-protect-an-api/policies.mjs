/**
 * Policies. They are outside of `src` because an administrator maintains them at the authorization
 * server. The sandbox accepts functions, by resource name.
 */
export const policies = {
  '[GET] /api/albums': () => 'grant',
  '[POST] /api/albums': () => 'grant',
  '[GET] /api/albums/:id': () => 'grant',
  '[DELETE] /api/albums/:id': () => 'deny',
  '[POST] /api/albums/:id/loan': () => 'submit',
  '[GET] /api/albums/mine': ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
};
