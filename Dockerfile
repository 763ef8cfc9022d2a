# An emulated Salesforce org in a container; nothing of it is Salesforce.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/evergrant \
 && /opt/evergrant/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock \
 && /opt/evergrant/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/evergrant /opt/evergrant
RUN useradd --create-home --uid 10001 evergrant && mkdir /state && chown evergrant /state
USER evergrant
VOLUME /state
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=3s CMD ["/opt/evergrant/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8081/health', timeout=2)"]
# The control port has no password: publish it on loopback only, as compose.yaml does.
ENTRYPOINT ["/opt/evergrant/bin/evergrant", "emulator", "serve", "--host", "0.0.0.0"]
CMD ["--public-url", "http://localhost:8080"]
