/** Who is logged in: read once, shown a login when nobody is, and again over the open page when a session ends. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { Refused } from "../api/errors";

const KEY = ["session"];

export interface SessionView {
  accountId: string;
  name: string;
  email: string;
  businessId: string;
  businessName: string;
  businesses: { id: string; name: string; role: string }[];
  scopes: readonly string[];
}

export type Me = Awaited<ReturnType<typeof fetchMe>>;

async function fetchMe() {
  return unwrap(api.GET("/api/v1/session"));
}

export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => {
      try {
        return view(await fetchMe());
      } catch (error) {
        if (error instanceof Refused && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function view(me: Me): SessionView {
  const business = me.businesses.find((item) => item.id === me.business_id);
  return {
    accountId: me.account_id,
    name: me.name,
    email: me.email,
    businessId: me.business_id,
    businessName: business?.name ?? "",
    businesses: me.businesses,
    scopes: me.scopes,
  };
}

/** Take a fresh login into account: everything that is shown is read again. */
export function useLoggedIn(): (me: Me) => void {
  const client = useQueryClient();
  return (me) => {
    const before = client.getQueryData<SessionView | null>(KEY);
    client.setQueryData(KEY, view(me));
    // What another account or business left behind must not be seen.
    if (before && (before.accountId !== me.account_id || before.businessId !== me.business_id)) {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
    } else {
      // A one-time link was used up by this very login.
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] && queryKey[0] !== "link" });
    }
  };
}

export function useLogin() {
  const loggedIn = useLoggedIn();
  return useMutation({
    mutationFn: (body: { email: string; password: string }) => unwrap(api.POST("/api/v1/session", { body })),
    onSuccess: loggedIn,
  });
}

export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/session")),
    onSettled: () => {
      // The session itself stays, or those who watch it would not be told that it is over.
      client.setQueryData(KEY, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
    },
  });
}

export function useChooseBusiness() {
  const loggedIn = useLoggedIn();
  return useMutation({
    mutationFn: (business_id: string) => unwrap(api.PUT("/api/v1/session/business", { body: { business_id } })),
    onSuccess: loggedIn,
  });
}
