/**
 * Rules of Amara, who owns the albums. They are outside of `src` because they belong to the
 * authorization server: the API neither knows nor checks them. The sandbox accepts functions, by
 * resource name.
 */
const AMARA = 'user-amara';
const ZOE = 'user-zoe';

/** Username of the owner. */
export const owner = 'amara';

/** Policies, by name of the resource. */
export const policies = {
  '[GET] /api/albums/:id': ({ claims }) => {
    if (!claims) return { need: { identity: true } };
    return [AMARA, ZOE].includes(claims.sub) ? 'grant' : 'deny';
  },
  '[POST] /api/albums/:id/loan': ({ claims }) => {
    if (!claims) return { need: { identity: true } };
    return claims.sub === AMARA ? 'grant' : 'submit';
  },
  '[DELETE] /api/albums/:id': () => 'deny',
  '[GET] /api/albums': () => 'grant',
  '[POST] /api/albums': () => 'grant',
  '[GET] /api/albums/mine': ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
};
