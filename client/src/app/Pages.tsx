/** Which page an address shows; pages are fetched when first opened. */
import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { onSessionEnd } from "../api/client";
import { withWords } from "../i18n";
import { Failed, Waiting } from "../ui/States";
import { Boundary } from "./Boundary";
import { useSession } from "./session";
import { Shell } from "./Shell";

const LoginPage = lazy(() => import("../pages/LoginPage"));
const LoginAgain = lazy(() => import("../pages/LoginAgain"));
const LinkPage = lazy(() => import("../pages/LinkPage"));
const SetupPage = lazy(() => withWords(import("../pages/SetupPage")));

const PAGES: readonly (readonly [string, ComponentType])[] = [
  ["/", lazy(() => import("../pages/TodayPage"))],
  ["/calendar", lazy(() => withWords(import("../pages/CalendarPage")))],
  ["/calls", lazy(() => withWords(import("../pages/CallsPage")))],
  ["/calls/:id", lazy(() => withWords(import("../pages/CallPage")))],
  ["/live", lazy(() => withWords(import("../pages/LivePage")))],
  ["/messages", lazy(() => withWords(import("../pages/MessagesPage")))],
  ["/phone", lazy(() => withWords(import("../pages/PhonePage")))],
  ["/rehearsals", lazy(() => withWords(import("../pages/RehearsalsPage")))],
  ["/business/:part?", lazy(() => withWords(import("../pages/BusinessPage")))],
  ["/settings/:part?", lazy(() => withWords(import("../pages/SettingsPage")))],
];

export function Pages() {
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/welcome" component={LinkPage} />
        <Route path="/password" component={LinkPage} />
        <Route path="/login">
          <Members>
            <Redirect to="/" />
          </Members>
        </Route>
        <Route path="/setup">
          <Members>
            <SetupPage />
          </Members>
        </Route>
        <Route>
          <Members>
            <Shell>
              <Inner />
            </Shell>
          </Members>
        </Route>
      </Switch>
    </Suspense>
  );
}

/** Shows its children to who is logged in, and a login to everybody else. */
function Members({ children }: { children: ReactNode }) {
  const session = useSession();
  if (session.isPending) return null;
  if (session.isError) {
    return (
      <main style={{ padding: "2rem" }}>
        <Failed error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  }
  if (!session.data) return <LoginPage />;
  return (
    <>
      {children}
      <EndedSession />
    </>
  );
}

function Inner() {
  const [location] = useLocation();
  const { t } = useTranslation();
  return (
    <Boundary key={location.split("/")[1]}>
      <Suspense fallback={<Waiting rows={6} />}>
        <Switch>
          {PAGES.map(([path, component]) => (
            <Route key={path} path={path} component={component} />
          ))}
          <Route>
            <p>{t("error.noPage")}</p>
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  );
}

/** A session that ends under an open page: log in here, and the page is still there. */
function EndedSession() {
  const session = useSession();
  const client = useQueryClient();
  const [ended, setEnded] = useState(false);
  const loggedInAt = session.dataUpdatedAt;
  useEffect(() => onSessionEnd(() => setEnded(true)), []);
  useEffect(() => {
    setEnded(false);
    void client.invalidateQueries({ predicate: (query) => query.state.status === "error" });
  }, [loggedInAt, client]);
  return ended ? (
    <Suspense fallback={null}>
      <LoginAgain />
    </Suspense>
  ) : null;
}
